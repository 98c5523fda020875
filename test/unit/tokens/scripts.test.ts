import { expect, test } from 'vitest';

import { found, tokensOf } from './helpers.ts';

/** A script, a text, a query in another form of a word, and what it finds. */
const FINDS: [string, string, string, string[]][] = [
  ['Latin', 'The universities in Zürich', 'ZURICH university', ['universities', 'Zürich']],
  ['Latin with accents', 'Les informations de la société sont dans les documents', 'societe', ['société']],
  ['Latin with other letters', 'Łódź, Ærø and Straße', 'lodz aero strasse', ['Łódź', 'Ærø', 'Straße']],
  ['full-width Latin', 'ＡＢＣ', 'abc', ['ＡＢＣ']],
  ['Cyrillic', 'Это были документы и книги для компании', 'документов книга', ['документы', 'книги']],
  ['Ukrainian', 'П’ять книг її бібліотеки', 'пʼять бібліотека', ['П’ять', 'бібліотеки']],
  ['Greek', 'Τα ΒΙΒΛΙΑ και ο ουρανός', 'βιβλία ουρανος', ['ΒΙΒΛΙΑ', 'ουρανός']],
  ['Arabic', 'قرأتُ الكتـاب في المكتبة', 'الكتاب مكتبة', ['الكتـاب', 'المكتبة']],
  ['Arabic with and, for and the', 'قرأ والكتاب كبير للمدرسة', 'الكتاب مدرسة', ['والكتاب', 'للمدرسة']],
  ['Persian', 'کتاب‌ها', 'كتابها', ['کتاب‌ها']],
  ['Hebrew', 'הַסֵּפֶר של הילד', 'הספר', ['הַסֵּפֶר']],
  ['Devanagari', 'लड़कियों की किताबें', 'लड़की किताब', ['लड़कियों', 'किताबें']],
  ['Devanagari with other nasals', 'हिन्दी और ज़रूरत', 'हिंदी जरूरत', ['हिन्दी', 'ज़रूरत']],
  ['German umlauts', 'Herr Müller und die Königin', 'Mueller Koenigin', ['Müller', 'Königin']],
  ['German umlauts as digraphs', 'Herr Mueller und die Koenigin', 'Müller Königin', ['Mueller', 'Koenigin']],
  ['a German name', 'the proof of Gödel', 'Goedel', ['Gödel']],
  ['a German name as digraph', 'the proof of Goedel', 'Gödel', ['Goedel']],
  ['Tamil', 'புத்தகங்கள் படித்தேன்', 'புத்தகம்', ['புத்தகங்கள்']],
  ['Armenian', 'Հին գիրքը', 'ԳԻՐՔԸ', ['գիրքը']],
  ['Georgian', 'თბილისი', 'ᲗᲑᲘᲚᲘᲡᲘ', ['თბილისი']],
  ['Han', '我在北京大学学习', '北京', ['北京']],
  ['Han of one letter', '我在北京大学学习', '京', ['京']],
  ['kana', '東京タワーに行く', 'タワー', ['タワ', 'ワー']],
  ['half-width kana', 'ｶﾞｷﾞ', 'ガギ', ['ｶﾞｷﾞ']],
  ['Hangul', '대한민국의 수도', '민국', ['민국']],
  ['Hangul in parts', '대한'.normalize('NFD'), '대한', ['대한'.normalize('NFD')]],
  ['Thai', 'ภาษาไทยสวยงาม', 'ไทย', ['ไท', 'ทย']],
  ['Thai of one letter', 'ภาษาไทย ก', 'ก', ['ก']],
  ['Lao', 'ພາສາລາວ', 'ລາວ', ['ລາ', 'າວ']],
  ['Khmer', 'ភាសាខ្មែរ', 'ភាសា', ['ភាសា']],
  ['Myanmar', 'မြန်မာဘာသာ', 'မြန်မာ', ['မြန်', 'န်မာ']],
  ['mixed Latin and Han', 'iPhone手机', 'iphone', ['iPhone']],
  ['digits of other scripts', '٢٠٢٤ और २०२४', '2024', ['٢٠٢٤', '२०२४']],
  ['an emoji', 'we launch 🚀 today', '🚀', ['🚀']],
];

test.each(FINDS)('%s is found in another form', (_script, text, query, words) => {
  expect(found(text, query)).toEqual(words);
});

test.each([
  ['й and и', 'война', 'воина'],
  ['vowel signs of Hindi', 'किताब', 'कताब'],
  ['two Han words that share one letter', '北京', '南京'],
])('%s stay different', (_what, text, query) => {
  expect(found(text, query)).toEqual([]);
});

test.each(['Zürich', 'naïveté', 'й', 'ガ', 'việt', '각', 'Ώρα', 'क़लम'])(
  'the composed and the decomposed form of %s have the same tokens',
  (word) => {
    expect(tokensOf(word.normalize('NFD'))).toEqual(tokensOf(word.normalize('NFC')));
  },
);

test('Portuguese is found with and without its accents', () => {
  const text = 'As informações que não são para uma pessoa';
  for (const query of ['informação', 'informações', 'informacoes'])
    expect(found(text, query)).toEqual(['informações']);
});

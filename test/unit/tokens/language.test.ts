import { expect, test } from 'vitest';

import { type Language, languageOf, queryTokens, tokenize } from '../../../src/tokens/tokenize.ts';
import { found, tokensOf } from './helpers.ts';

test.each([
  ['english', 'The worker writes both stores before the job is complete.'],
  ['german', 'Der Auftrag ist nicht fertig, bis die beiden Speicher geschrieben sind.'],
  ['french', 'Le travail est terminé quand les deux magasins sont écrits dans la base.'],
  ['spanish', 'El trabajo se termina cuando los dos almacenes están escritos en la base.'],
  ['portuguese', 'O trabalho não termina até que as duas bases de dados sejam escritas por ele.'],
  ['italian', 'Il lavoro non è finito finché i due archivi non sono stati scritti nella base.'],
  ['dutch', 'Het werk is niet klaar voordat de twee winkels zijn geschreven door een proces.'],
  ['swedish', 'Arbetet är inte klart förrän de två lagren har skrivits och det är bra.'],
  ['finnish', 'Työ ei ole valmis ennen kuin molemmat varastot on kirjoitettu, koska se on tärkeää.'],
  ['turkish', 'Bu iş bitmedi, çünkü her iki depo da yazılmadan önce hiçbir şey olmaz ve bu çok önemli.'],
  ['russian', 'Задание не завершено, пока оба хранилища не записаны.'],
  ['ukrainian', 'Завдання не завершене, поки обидва сховища не записані її процесом.'],
  ['bulgarian', 'Задачата не е завършена, докато двете хранилища не бъдат записани, защото това е важно.'],
  ['serbian', 'Посао није завршен док оба складишта нису записана његовим процесом.'],
  ['greek', 'Η εργασία δεν έχει τελειώσει.'],
  ['arabic', 'لم تكتمل المهمة بعد.'],
  ['hindi', 'यह काम तब तक पूरा नहीं है जब तक दोनों लिखे नहीं जाते।'],
  ['armenian', 'Աշխատանքը ավարտված չէ։'],
  ['tamil', 'வேலை முடியவில்லை'],
  ['unknown', 'העבודה לא הסתיימה'],
  ['unknown', '任务尚未完成'],
  ['english', ''],
  ['english', 'qwx 42'],
  ['english', 'C:\\Temp\\x 2024-05-01T10:00:00Z src/com/de'],
] satisfies [Language, string][])('%s is the language of "%s"', (language, text) => {
  expect(languageOf(text)).toBe(language);
});

test('stop words of the language are no tokens', () => {
  expect(tokensOf('A worker'.toLowerCase())).toEqual(tokensOf('worker'));
  expect(tokensOf('The worker and the queue')).toEqual(['worker', 'queue'].map((word) => tokensOf(word)[0]));
  expect(tokensOf('Der Hund und die Katze sind nicht hier, aber das Haus ist da')).not.toContain('und');
});

test('a stop word in capitals is a name, unless the whole text is in capitals', () => {
  expect(found('the IT department of the WHO', 'IT')).toEqual(['IT']);
  expect(found('see it', 'it')).toEqual([]);
  expect(tokensOf('WHO IS IN THE HOUSE')).toEqual(tokensOf('house'));
});

test('nouns and verbs of long lists of stop words are tokens', () => {
  expect(tokenize('el trabajo', 'spanish')).toHaveLength(1);
});

test('a word of another script is stemmed in a language of its own', () => {
  const text = 'Сервис Chroma хранит документы: indexes и vectors';
  expect(languageOf(text)).toBe('russian');
  expect(found(text, 'vector index')).toEqual(['indexes', 'vectors']);
});

test('a query of stop words has no tokens', () => {
  expect(queryTokens('to be or not to be', ['english'])).toEqual([]);
  expect(queryTokens('anything', [])).toEqual([]);
});

test("a query's own stop words are no tokens in any language, and its first characters alone count", () => {
  expect(queryTokens('what is the height of the tower', ['english', 'danish'])).toEqual(
    queryTokens('height tower', ['english', 'danish']),
  );
  expect(queryTokens(`harbour ${'x '.repeat(1000)} lamp`, ['english'])).not.toContain('lamp');
});

test('a query has the tokens of each language once, without the stop words of that language', () => {
  expect(queryTokens('die Häuser', ['german'])).toEqual(['haus']);
  const both = queryTokens('die Häuser', ['english', 'german']);
  expect(both).toContain('haus');
  expect(both).toContain(tokenize('die', 'english')[0]?.token);
  expect(new Set(both).size).toBe(both.length);
});

test('a query of pairs does not ask for the single letters', () => {
  expect(queryTokens('北京', ['unknown'])).toEqual(['北京']);
});

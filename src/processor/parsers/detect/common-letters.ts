/** Frequent letters of Japanese. Running text has the syllables, names have the characters at the end. */
const JAPANESE =
  'のにはをたがでてとしれさいるあなもこらかりまっよきせくスンルトイアラリシドクプー、。' +
  '日一国会人年大十二本中東三京同出時地上方前社事生五金学名間月後高田子山分部木者住所郎太藤男女県市区町村花川井';

/**
 * Frequent letters of a language, by encoding. A text probably has an encoding if these letters fill it once it is
 * decoded.
 */
const COMMON: readonly [encoding: string, letters: string][] = [
  [
    'gb18030',
    '，。、的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日者意无力它与长把机民第公此已工使情明性知全关点正业外将两高间由问很最重并物手应文体政相见被利什等产或新',
  ],
  [
    'big5',
    '，。、的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心本前開但因只從想實日者意無力它與長把機民第公此已工使情明性知全關點正業外將兩高間由問很最重並物手應文體政相見被利什等產或新',
  ],
  [
    'euc-kr',
    '이다의는을를가에은고하한로기지사도인자어시서대리나그해아정일수전라보제주스들부구게과원상여장성와우공있것으만습니',
  ],
  ['euc-jp', JAPANESE],
  ['shift_jis', JAPANESE],
];
/** Least number of frequent letters, and their least share of the letters beyond ASCII. */
const MIN_COMMON = 3;
const MIN_COMMON_SHARE = 0.2;

export const CYRILLIC = ['windows-1251', 'koi8-r', 'ibm866', 'x-mac-cyrillic', 'iso-8859-5'];
/**
 * Matches words in ordinary case: only the first letter is a capital, or all are. A single letter may occur by
 * accident.
 */
const CYRILLIC_WORDS =
  /(?<![^\s\p{P}\p{S}\d])(?:[А-ЯЁІЇЄҐЎ]?[а-яёіїєґў]{2,}|[А-ЯЁІЇЄҐЎ]{2,})(?![^\s\p{P}\p{S}\d])/gu;
const CYRILLIC_COMMON = /[оеаинтсрвл]/gi;
/**
 * Weight of words in capitals. One encoding has capitals where another has small letters, and few texts are all
 * capitals.
 */
const CAPITALS_WEIGHT = 0.85;
/** Matches letters that no Hebrew byte stands for. */
const CYRILLIC_ALONE = /[А-Яыьэюяёіїєґў]/;
/** Least share of frequent letters. In Russian they are two thirds. */
const MIN_CYRILLIC_SHARE = 0.4;

/**
 * Lists the East Asian and Cyrillic encodings in which a text is full of frequent letters, the likeliest first. Texts in
 * other languages have none.
 * @param sample bytes of the text from the start of a character
 */
export function encodingsByLetters(sample: Uint8Array): string[] {
  const beyondAscii = (text: string) => text.replace(/[\0-\x7f]/g, '');
  const likely: [encoding: string, share: number][] = [];
  for (const [encoding, letters] of COMMON) {
    const text = beyondAscii(new TextDecoder(encoding).decode(sample));
    const chars = Array.from(text);
    const common = chars.filter((char) => letters.includes(char)).length;
    const share = common / chars.length;
    if (common >= MIN_COMMON && share >= MIN_COMMON_SHARE) likely.push([encoding, share]);
  }
  for (const encoding of CYRILLIC) {
    const text = new TextDecoder(encoding).decode(sample);
    const words = text.match(CYRILLIC_WORDS) ?? [];
    const common = words.reduce((sum, word) => sum + commonIn(word), 0);
    const share = common / beyondAscii(text).length;
    if (share >= MIN_CYRILLIC_SHARE && CYRILLIC_ALONE.test(words.join(''))) likely.push([encoding, share]);
  }
  return likely.toSorted((a, b) => b[1] - a[1]).map(([encoding]) => encoding);
}

function commonIn(word: string): number {
  const letters = word.match(CYRILLIC_COMMON)?.length ?? 0;
  return word === word.toUpperCase() ? letters * CAPITALS_WEIGHT : letters;
}

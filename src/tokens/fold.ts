/** Letters whose plain form is no canonical decomposition. */
const LETTERS: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
  ŋ: 'n',
  ŧ: 't',
  ς: 'σ',
  // The apostrophe that is a letter.
  ʼ: '',
  ё: 'е',
  // Alef with hamza, madda or wasla, and hamza on its carriers.
  أ: 'ا',
  إ: 'ا',
  آ: 'ا',
  ٱ: 'ا',
  ؤ: 'و',
  ئ: 'ي',
  ى: 'ي',
  ة: 'ه',
  // Persian and Urdu letters that Arabic keyboards write differently.
  ی: 'ي',
  ک: 'ك',
  ہ: 'ه',
};
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu');
/** Accents after a Latin or Greek letter. Those of other scripts tell letters apart: й is not и. */
const ACCENTS = /(?<=[a-z\u0250-\u02af\u0370-\u03ff])[\u0300-\u036f]+/gu;
/** Latin and Greek letters that may carry an accent, and the stress marks of Cyrillic. */
const MAY_HAVE_ACCENTS = /[\u0300-\u03ff\u00c0-\u02af\u1e00-\u1fff]/u;
/** Stress marks of Cyrillic, Hebrew points, Arabic vowel signs and tatweel. */
const POINTS =
  /(?<=[\u0400-\u052f])[\u0300\u0301]|[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u0640]/gu;
/** The dot below a borrowed consonant of Hindi. Many writers leave it out. */
const NUKTA = /\u093c/gu;
/** A nasal before a consonant, and chandrabindu. Many write anusvara instead: हिन्दी is हिंदी. */
const NASAL = /[ङञणनम]\u094d(?=[क-ह])|\u0901/gu;
const DEVANAGARI = /[\u0900-\u097f]/u;
const NOT_ASCII = /[^\0-\x7f]/u;
/** Invisible characters, and signs that NFKC adds, such as the spaces in the expansion of an Arabic ligature. */
const NOT_OF_WORDS = /[^\p{L}\p{N}\p{M}\p{Emoji_Presentation}]|[\ufe00-\ufe0f]/gu;
/** Decimal digits of another script. The code of each zero is a multiple of 10 away from its digits. */
const DIGIT = /(?![0-9])\p{Nd}/gu;
const ZEROS = [
  0x06_60, 0x06_f0, 0x09_66, 0x09_e6, 0x0a_66, 0x0a_e6, 0x0b_66, 0x0b_e6, 0x0c_66, 0x0c_e6, 0x0d_66, 0x0e_50,
  0x0e_d0, 0x0f_20, 0x10_40, 0x17_e0,
];

/** Converts a word to NFKC in lower case, with ASCII digits. Invisible characters vanish. */
export function normalize(word: string): string {
  if (!NOT_ASCII.test(word)) return word.toLowerCase();
  return word
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFKC')
    .replace(NOT_OF_WORDS, '')
    .replace(DIGIT, digitOf);
}

/** Removes the accents and points of a normalized word, in the scripts where they do not make another letter. */
export function fold(word: string): string {
  if (!NOT_ASCII.test(word)) return word;
  const plain = MAY_HAVE_ACCENTS.test(word)
    ? word.normalize('NFD').replace(ACCENTS, '').normalize('NFC')
    : word;
  const folded = plain.replace(LETTER, (letter) => LETTERS[letter] ?? letter).replace(POINTS, '');
  if (!DEVANAGARI.test(folded)) return folded;
  return folded.normalize('NFD').replace(NUKTA, '').replace(NASAL, '\u0902');
}

function digitOf(digit: string): string {
  const code = digit.charCodeAt(0);
  const zero = ZEROS.find((zero) => code >= zero && code <= zero + 9);
  return zero === undefined ? digit : String(code - zero);
}

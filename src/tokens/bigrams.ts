import { fold, normalize } from './fold.ts';

/** Letters of scripts without spaces between words, and of Hangul, whose words carry particles. */
const LETTER =
  '[[\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Hangul}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}]&&[\\p{L}\\p{Nl}]]';
/** A letter with its vowel signs and marks, and a syllable of Hangul in parts. */
const UNIT = new RegExp(
  `(?:[\\u1100-\\u115f][\\u1160-\\u11a7]+[\\u11a8-\\u11ff]*|${LETTER})[\\p{M}\\p{Cf}\\uff9e\\uff9f]*`,
  'gv',
);
const RUN = new RegExp(`(?:${LETTER}[\\p{M}\\p{Cf}\\uff9e\\uff9f]*){1,200}`, 'gv');
const ANY = new RegExp(LETTER, 'v');

/** A stretch of an atom, either of letters that are searched in pairs or of others. */
export interface Stretch {
  text: string;
  start: number;
  isPaired: boolean;
}

/** Tells whether a word has letters that are searched in pairs. */
export function hasPairs(word: string): boolean {
  return ANY.test(word);
}

/** Splits an atom into stretches. */
export function* stretchesOf(atom: string): Generator<Stretch> {
  let end = 0;
  for (const { 0: run, index } of atom.matchAll(RUN)) {
    if (index > end) yield { text: atom.slice(end, index), start: end, isPaired: false };
    yield { text: run, start: index, isPaired: true };
    end = index + run.length;
  }
  if (end < atom.length) yield { text: atom.slice(end), start: end, isPaired: false };
}

/** A letter or a pair of letters, by its offsets in the stretch. `isOnlyIndexed`: a letter of a longer stretch. */
export interface Gram {
  token: string;
  start: number;
  end: number;
  isOnlyIndexed: boolean;
}

/**
 * Returns each letter and each pair of letters. Texts hold both, so that one letter is found. A query of two letters and
 * more is searched by its pairs, because single letters are in nearly every text.
 */
export function gramsOf(run: string): Gram[] {
  const letters = [...run.matchAll(UNIT)]
    .map(({ 0: unit, index }) => ({ token: fold(normalize(unit)), start: index, end: index + unit.length }))
    .filter(({ token }) => token !== '');
  return letters.flatMap((letter, index) => {
    const next = letters[index + 1];
    const single = { ...letter, isOnlyIndexed: letters.length > 1 };
    if (!next) return [single];
    return [single, { ...next, token: letter.token + next.token, start: letter.start, isOnlyIndexed: false }];
  });
}

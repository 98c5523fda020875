import { fold, normalize } from './fold.ts';

/** Letters of scripts without spaces between words, and of Hangul, whose words carry particles. */
const LETTER =
  '[[\\p{Script=Han}\\p{Script_Extensions=Hiragana}\\p{Script_Extensions=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}]&&[\\p{L}\\p{Nl}]]';
/** A letter with its vowel signs and marks, and a syllable of Hangul in parts. */
const UNIT = new RegExp(
  `(?:[\\u1100-\\u115f][\\u1160-\\u11a7]+[\\u11a8-\\u11ff]*|${LETTER})[\\p{M}\\p{Cf}\\uff9e\\uff9f]*`,
  'gv',
);
const RUN = new RegExp(`(?:${LETTER}[\\p{M}\\p{Cf}\\uff9e\\uff9f]*){1,200}`, 'gv');
const ANY = new RegExp(LETTER, 'v');

/** Most letters whose token is kept. A text of Han has a few thousand. */
const MAX_KEPT = 10_000;
const kept = new Map<string, string>();

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
    .map(({ 0: unit, index }) => ({ token: tokenOf(unit), start: index, end: index + unit.length }))
    .filter(({ token }) => token !== '');
  return letters.flatMap((letter, index) => {
    const next = letters[index + 1];
    const single = { ...letter, isOnlyIndexed: letters.length > 1 };
    if (!next) return [single];
    return [single, { ...next, token: letter.token + next.token, start: letter.start, isOnlyIndexed: false }];
  });
}

function tokenOf(unit: string): string {
  const known = kept.get(unit);
  if (known !== undefined) return known;
  const token = fold(normalize(unit));
  // Longer ones have endless marks, and a slice of the text in memory.
  if (unit.length > 4) return token;
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(unit, token);
  return token;
}

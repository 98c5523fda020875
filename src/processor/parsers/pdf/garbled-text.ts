import { lettersOf } from './pdf-letters.ts';

/** Fewest words that tell. A title page or a table may hold any signs. */
const MIN_WORDS = 20;
/** Share of words with signs inside. Prose has 1 in 100, program code 1 in 6. */
const MAX_ODD_WORDS = 0.35;
/** Share of signs without a meaning: private ones, replacements, controls. */
const MAX_MEANINGLESS = 0.1;
const MEANINGLESS = /[\ue000-\uf8ff\ufffd]|(?!\s)\p{Cc}/gu;
/** Signs that hardly stand inside a word. Few of them save the look at each word. */
const SIGNS = /[!#$%&*;<=>?[\\\]^`{|}~]/g;
/**
 * Characters to look at, from the start of a page. Looking at whole pages takes a tenth of the time of reading them.
 */
const SAMPLE_CHARS = 400;
/** A word with signs that stand in none: `m*n2I`, `!>Ikt`. */
const ODD = /\p{L}[^\p{L}\p{N}\p{M}\s'’.,\-‐–—/@_:]+\p{L}|^[^\p{L}\p{N}\s(["'“‘«¿¡#$€£*•–—\-|/@.]+\p{L}/u;
const LATIN = /[a-zà-öø-ɏ]/gi;
const VOWELS = /[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœ]/gi;
/** Share of vowels among the letters of Latin scripts. Words of every language lie within, exchanged letters mostly not. */
const VOWEL_SHARE = [0.27, 0.62] as const;
/** Share of the words of one text that another must have to say the same. */
const MIN_COMMON = 0.3;

/** Returns whether a page has words. The first reader writes an empty code block if there are none. */
export function hasText(markdown: string): boolean {
  return /[\p{L}\p{N}]/u.test(markdown.replace(/^```.*$/gm, ''));
}

/**
 * Returns whether a text is nonsense, as from a font that names wrong letters. It misses a page of few words, and
 * scripts other than Latin.
 */
export function isGarbled(page: string): boolean {
  const text = page.slice(0, SAMPLE_CHARS);
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length < MIN_WORDS) return false;
  if (countOf(text, MEANINGLESS) > text.length * MAX_MEANINGLESS) return true;
  if (countOf(text, SIGNS) > words.length * MAX_ODD_WORDS) {
    const odd = words.filter((word) => word.length > 2 && ODD.test(word));
    if (odd.length > words.length * MAX_ODD_WORDS) return true;
  }
  const letters = countOf(text, LATIN);
  if (letters < text.length / 2) return false;
  const vowels = countOf(text, VOWELS) / letters;
  return vowels < VOWEL_SHARE[0] || vowels > VOWEL_SHARE[1];
}

function countOf(text: string, signs: RegExp): number {
  return text.length - text.replace(signs, '').length;
}

/** Returns whether two readings of a page say the same: whether one has enough words of the other. */
export function saysTheSame(text: string, reading: string): boolean {
  const known = new Set(wordsOf(text));
  const words = wordsOf(reading);
  if (words.length === 0) return false;
  return words.filter((word) => known.has(word)).length >= words.length * MIN_COMMON;
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .map(lettersOf)
    .filter(({ length }) => length > 2);
}

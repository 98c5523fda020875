/** Longest word, in UTF-16 units. A longer one is cut, so that hostile text gives no endless tokens. */
export const LONGEST_WORD = 200;

/**
 * A run of letters, digits and marks, or an emoji. Invisible characters inside belong to it, such as soft hyphens. A
 * zero-width space ends it. Each quantifier has a bound, or V8's stack overflows on a line of 20 MB.
 */
const ATOM =
  /[\p{L}\p{N}][\p{L}\p{N}\p{M}\u00ad\u061c\u200c-\u200f\u202a-\u202e\u2060-\u2069\ufeff]{0,199}|\p{Emoji_Presentation}/gu;

/** Joiners between the parts of a code, with their form in the token. */
const JOINERS = new Map([
  ...['-', '_', '.', '/', '\\', ':', '@', '&', '=', '~', '%', '?', '#', '+', "'"].map(asItself),
  ...['::', '://', ':\\', '__'].map(asItself),
  ['\u2010', '-'],
  ['\u2011', '-'],
  ['’', "'"],
]);
/** Signs between the groups of a number: `1,000`, `1'000`, and the unbreakable spaces of `1 000`. */
const GROUPINGS = new Set([',', '，', "'", '’', '\u00a0', '\u2009', '\u202f']);
const THOUSANDS = /^\p{Nd}{3}$/u;
const UP_TO_THOUSANDS = /^\p{Nd}{1,3}$/u;

const LONGEST_JOINER = 3;
const SPACE = 0x20;
const LETTER = /^\p{L}/u;
const STARTS_WITH_DIGIT = /^\d/u;

export interface Span {
  start: number;
  end: number;
}

/** Returns what joins two atoms of a text to a code, in the form that the token has; `undefined` for two words. */
export function joinerBetween(text: string, last: Span, next: Span): string | undefined {
  const length = next.start - last.end;
  if (length < 1 || length > LONGEST_JOINER || text.charCodeAt(last.end) === SPACE) return undefined;
  const gap = text.slice(last.end, next.start);
  const isGrouped =
    GROUPINGS.has(gap) &&
    THOUSANDS.test(text.slice(next.start, next.end)) &&
    UP_TO_THOUSANDS.test(text.slice(last.start, last.end));
  if (isGrouped) return '';
  return JOINERS.get(gap) ?? (gap > '\u007f' ? JOINERS.get(gap.normalize('NFKC')) : undefined);
}

/** Returns the atoms of a text, in order. */
export function atomsOf(text: string): Span[] {
  const atoms: Span[] = [];
  ATOM.lastIndex = 0;
  for (let found = ATOM.exec(text); found; found = ATOM.exec(text))
    atoms.push({ start: found.index, end: ATOM.lastIndex });
  return atoms;
}

/** Splits a text into words. A code such as `ERR-4032b`, `foo.bar` or `C++` is one word. Takes linear time. */
export function wordsOf(text: string): Span[] {
  const words: Span[] = [];
  let word: Span | undefined;
  let lastStart = 0;
  for (const atom of atomsOf(text)) {
    const { start, end } = atom;
    if (
      word &&
      end - word.start <= LONGEST_WORD &&
      joinerBetween(text, { start: lastStart, end: word.end }, atom) !== undefined
    ) {
      word.end = end;
    } else {
      word = atom;
      words.push(word);
    }
    lastStart = start;
  }
  for (const word of words) addSigns(text, word);
  return words;
}

/** Adds the signs around a word that belong to it: `.NET`, `C++`, `C#`, `§ 12`. */
function addSigns(text: string, word: Span): void {
  const { start, end } = word;
  const before = text[start - 1];
  if (before === '.' && LETTER.test(text.slice(start, start + 2)) && !/\S/u.test(text[start - 2] ?? ' '))
    word.start = start - 1;
  else if (before === '§' && STARTS_WITH_DIGIT.test(text.slice(start, end))) word.start = start - 1;
  else if (text[start - 2] === '§' && /^\s\d/u.test(text.slice(start - 1, end))) word.start = start - 2;
  const after = text[end];
  if (after === '#' || after === '+') word.end = endWithSign(text, start, end);
}

function endWithSign(text: string, start: number, end: number): number {
  if (!/^\p{L}$/u.test(text.slice(start, end))) return end;
  const after = text.slice(end, end + 2);
  const sign = after === '++' ? 2 : after.startsWith('#') ? 1 : 0;
  return /^[\p{L}+#]/u.test(text.slice(end + sign, end + sign + 2)) ? end : end + sign;
}

function asItself(joiner: string): [string, string] {
  return [joiner, joiner];
}

/** Longest word, in UTF-16 units. A longer one is cut, so that hostile text gives no endless tokens. */
export const LONGEST_WORD = 200;

/**
 * A run of letters, digits and marks, or an emoji. Invisible characters inside belong to it, such as soft hyphens. A
 * zero-width space ends it. Each quantifier has a bound, or V8's stack overflows on a line of 20 MB.
 */
const ATOM =
  /[\p{L}\p{N}][\p{L}\p{N}\p{M}\u00ad\u061c\u200c-\u200f\u202a-\u202e\u2060-\u2069\ufeff]{0,199}|\p{Emoji_Presentation}/gu;

/** What may stand between the parts of a code, and what it is in the token. */
const JOINERS = new Map([
  ...['-', '_', '.', '/', '\\', ':', '@', '&', '=', '~', '%', '?', '#', '+', "'"].map(asItself),
  ...['::', '://', ':\\', '__'].map(asItself),
  ['\u2010', '-'],
  ['\u2011', '-'],
  ['’', "'"],
]);
const COMMAS = new Set([',', '，']);
const THOUSANDS = /^\p{Nd}{3}$/u;
const UP_TO_THOUSANDS = /^\p{Nd}{1,3}$/u;

export interface Span {
  start: number;
  end: number;
}

/** Returns what joins two atoms of a code, in the form that the token has. */
export function joinerOf(gap: string): string | undefined {
  if (COMMAS.has(gap)) return '';
  return JOINERS.get(gap) ?? JOINERS.get(gap.normalize('NFKC'));
}

/** The atoms of a text, in order. */
export function* atomsOf(text: string): Generator<Span> {
  for (const { 0: atom, index } of text.matchAll(ATOM)) yield { start: index, end: index + atom.length };
}

/** Splits a text into words. A code such as `ERR-4032b`, `foo.bar` or `C++` is one word. Takes linear time. */
export function* wordsOf(text: string): Generator<Span> {
  let word: Span | undefined;
  let last: Span | undefined;
  for (const atom of atomsOf(text)) {
    if (word && last && areJoined(text, word, last, atom)) {
      word.end = atom.end;
    } else {
      if (word) yield withSigns(text, word);
      word = { ...atom };
    }
    last = atom;
  }
  if (word) yield withSigns(text, word);
}

function areJoined(text: string, word: Span, last: Span, next: Span): boolean {
  const length = next.start - last.end;
  if (length < 1 || length > 3 || next.end - word.start > LONGEST_WORD) return false;
  const gap = text.slice(last.end, next.start);
  // A comma joins the groups of a number such as 1,000.
  if (COMMAS.has(gap))
    return (
      THOUSANDS.test(text.slice(next.start, next.end)) &&
      UP_TO_THOUSANDS.test(text.slice(last.start, last.end))
    );
  return joinerOf(gap) !== undefined;
}

/** Adds the signs around a word that belong to it: `.NET`, `C++`, `C#`, `§ 12`. */
function withSigns(text: string, { start, end }: Span): Span {
  return { start: startWithSign(text, start), end: endWithSign(text, start, end) };
}

function startWithSign(text: string, start: number): number {
  const before = text[start - 1];
  if (before === '.' && /^\p{L}/u.test(text.slice(start, start + 2)) && !/\S/u.test(text[start - 2] ?? ' '))
    return start - 1;
  if (!/^\d/u.test(text[start] ?? '')) return start;
  if (before === '§') return start - 1;
  return before !== undefined && /[ \u00a0\u202f]/u.test(before) && text[start - 2] === '§'
    ? start - 2
    : start;
}

function endWithSign(text: string, start: number, end: number): number {
  if (!/^\p{L}$/u.test(text.slice(start, end))) return end;
  const after = text.slice(end, end + 2);
  const sign = after === '++' ? 2 : after.startsWith('#') ? 1 : 0;
  return /^[\p{L}\p{N}+#]/u.test(text.slice(end + sign, end + sign + 2)) ? end : end + sign;
}

function asItself(joiner: string): [string, string] {
  return [joiner, joiner];
}

import { splitsPair } from './span.ts';

const words = new Intl.Segmenter('en', { granularity: 'word' });
const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Code units to look at on either side. Meaningful words, and characters with their marks, are shorter. */
const REACH = 64;

/**
 * Finds the last place up to `limit` to cut a text without blanks. It cuts between words, which scripts without spaces
 * have, too. Else it cuts between visible characters, else anywhere but inside a surrogate pair.
 * @param start precedes the cut, if `limit` is at least two code units away
 */
export function wordBorder(text: string, start: number, limit: number): number {
  const border = borders(words, text, limit).last;
  // Few word borders are inside a character. A sign before its number is a word of its own.
  const parts = border > start && nextCharacterBorder(text, border) === border;
  return parts ? border : characterBorder(text, start, limit);
}

/** Cuts like {@link wordBorder}, but also inside words. Characters keep their marks and joiners. */
export function characterBorder(text: string, start: number, limit: number): number {
  const border = borders(characters, text, limit).last;
  if (border > start) return border;
  return splitsPair(text, limit) ? limit - 1 : limit;
}

/** Finds the first place from `at` on that is not inside a character. */
export function nextCharacterBorder(text: string, at: number): number {
  return borders(characters, text, at).next;
}

/** Finds the borders around `at`, or at it. `last` is -1 if it is out of reach. */
function borders(segmenter: Intl.Segmenter, text: string, at: number): { last: number; next: number } {
  if (at >= text.length) return { last: text.length, next: text.length };
  const from = wholePair(text, Math.max(0, at - REACH));
  const to = wholePair(text, Math.min(text.length, at + REACH));
  const segments = segmenter.segment(text.slice(from, to));
  const { index, segment } = segments.containing(at - from) as Intl.SegmentData;
  const last = from + index;
  // The window may begin inside a word, or between a letter and its marks. The end of that rest may be no border.
  const doubtful = from === 0 ? 0 : (segments.containing(0)?.segment.length ?? 0);
  return { last: index > doubtful ? last : -1, next: last === at ? at : last + segment.length };
}

function wholePair(text: string, at: number): number {
  return splitsPair(text, at) ? at - 1 : at;
}

import { splitsPair } from './span.ts';

const words = new Intl.Segmenter('en', { granularity: 'word' });
const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** How far to either side is looked: longer than any word, or character with its marks, that means anything. */
const REACH = 64;

/**
 * The last place up to `limit` where a text without blanks is best cut: between words, which scripts without
 * spaces have too; else between characters as people see them; else anywhere but inside a surrogate pair.
 * @param start the cut comes after it, provided that `limit` is at least two code units away
 */
export function wordBorder(text: string, start: number, limit: number): number {
  const border = borders(words, text, limit).last;
  // Few word borders are inside a character: a sign that goes before its number is a word for itself.
  const parts = border > start && nextCharacterBorder(text, border) === border;
  return parts ? border : characterBorder(text, start, limit);
}

/** As {@link wordBorder}, but inside words too: characters stay whole with their marks and joiners. */
export function characterBorder(text: string, start: number, limit: number): number {
  const border = borders(characters, text, limit).last;
  if (border > start) return border;
  return splitsPair(text, limit) ? limit - 1 : limit;
}

/** The first place from `at` on that is not inside a character. */
export function nextCharacterBorder(text: string, at: number): number {
  return borders(characters, text, at).next;
}

/** The borders around `at`, or at it; `last` is -1 where it is out of reach. */
function borders(segmenter: Intl.Segmenter, text: string, at: number): { last: number; next: number } {
  if (at >= text.length) return { last: text.length, next: text.length };
  const from = wholePair(text, Math.max(0, at - REACH));
  const to = wholePair(text, Math.min(text.length, at + REACH));
  const segments = segmenter.segment(text.slice(from, to));
  const { index, segment } = segments.containing(at - from) as Intl.SegmentData;
  const last = from + index;
  // What is looked at may begin inside a word, or between a letter and its marks: there is no border after the rest.
  const doubtful = from === 0 ? 0 : (segments.containing(0)?.segment.length ?? 0);
  return { last: index > doubtful ? last : -1, next: last === at ? at : last + segment.length };
}

function wholePair(text: string, at: number): number {
  return splitsPair(text, at) ? at - 1 : at;
}

import { wordBorder } from './spans/borders.ts';
import { trimSpan, type Span } from './spans/span.ts';

/**
 * Cuts a stretch of text, without the blanks at its ends, into pieces of at most `size` characters. It cuts at line
 * ends, else between words, else between characters. A stretch that fits is one piece, and a blank one is none. No two
 * neighbours fit together, so no overlap repeats the rest of a stretch.
 */
export function* pieces(text: string, span: Span, size: number): Generator<Span> {
  let rest = trimSpan(text, span);
  while (rest.end - rest.start > size) {
    const cut = cutBefore(text, rest.start, rest.start + size);
    yield trimSpan(text, { start: rest.start, end: cut });
    rest = trimSpan(text, { start: cut, end: rest.end });
  }
  if (rest.end > rest.start) yield rest;
}

/** Finds the best cut between `start` and `limit`: a line's end in the second half, else the last blank. */
function cutBefore(text: string, start: number, limit: number): number {
  const half = start + (limit - start) / 2;
  for (let at = limit; at > half; at--) if (text[at] === '\n') return at;
  for (let at = limit; at > start; at--) if (/\s/.test(text.charAt(at))) return at;
  return wordBorder(text, start, limit);
}

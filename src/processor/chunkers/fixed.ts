import { skipBlanks, splitsPair, trimSpan, type Span } from './span.ts';

/**
 * Cuts text into windows of `size` characters, each beginning `overlap` characters before the last one's end.
 * Blanks at a window's ends are left out, and a surrogate pair stays whole, so both figures are upper bounds.
 * @param overlap at most half of `size`
 */
export function* chunkFixed(text: string, size: number, overlap: number): Generator<Span> {
  let last: Span = { start: -1, end: 0 };
  for (let from = skipBlanks(text, 0); from < text.length;) {
    const chunk = window(text, from, size);
    if (chunk.end > last.end) {
      yield chunk;
      last = chunk;
      from = Math.max(chunk.end - overlap, chunk.start + 1);
      if (splitsPair(text, from)) from++;
    } else {
      // What is new lies beyond a stretch of blanks, out of the overlap's reach.
      from = last.end;
    }
    from = skipBlanks(text, from);
  }
}

function window(text: string, start: number, size: number): Span {
  const limit = Math.min(start + size, text.length);
  return trimSpan(text, { start, end: splitsPair(text, limit) ? limit - 1 : limit });
}

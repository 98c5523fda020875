import { characterBorder, nextCharacterBorder } from './spans/borders.ts';
import { skipBlanks, trimSpan, type Span } from './spans/span.ts';

/**
 * Cuts text into windows of `size` code units. Each begins `overlap` before the end of the one before. It removes
 * blanks at a window's ends and keeps characters whole, so both figures are upper bounds.
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
      from = Math.min(nextCharacterBorder(text, from), chunk.end);
    } else {
      // Blanks fill the overlap, so the next window begins after it.
      from = last.end;
    }
    from = skipBlanks(text, from);
  }
}

function window(text: string, start: number, size: number): Span {
  return trimSpan(text, { start, end: characterBorder(text, start, start + size) });
}

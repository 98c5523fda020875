import type { Span } from './span.ts';

/** A line with words, without its line end. */
export interface Line extends Span {
  /** Whether a blank line precedes it. */
  afterBlank: boolean;
}

/** Yields the lines that are not blank in a stretch of whole lines. */
export function* lines(text: string, { start, end }: Span = { start: 0, end: text.length }): Generator<Line> {
  let afterBlank = false;
  for (let from = start; from < end;) {
    const newline = text.indexOf('\n', from);
    const to = newline === -1 ? end : Math.min(newline, end);
    const blank = text.slice(from, to).trim() === '';
    if (!blank) yield { start: from, end: to, afterBlank };
    afterBlank = blank;
    from = to + 1;
  }
}

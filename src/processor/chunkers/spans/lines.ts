import type { Span } from './span.ts';

/** A line that is not blank, without its end, and whether blank lines come before it. */
export interface Line extends Span {
  afterBlank: boolean;
}

/**
 * The lines that are not blank.
 * @param within a stretch of whole lines
 */
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

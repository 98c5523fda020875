import { isBlank, type Span } from './span.ts';

/** A list item: begins a block that the lines below it may continue. */
const BEGINS_BLOCK = /[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]/y;
/** A heading, a table's row, or a code fence: a block by itself. */
const IS_BLOCK = /[ \t]*(?:#{1,6}[ \t]|\||```|~~~)/y;

/**
 * Cuts text into blocks that no sentence reaches out of: paragraphs, headings, list items, table rows.
 * A blank line ends a block, but not where it only marks a page border: sentences run on over pages.
 * @param pageStarts where pages begin, in order
 */
export function* blocks(text: string, pageStarts: readonly number[]): Generator<Span> {
  let block: Span | undefined;
  let afterBlank = false;
  let closed = true;
  let nextPage = 0;
  for (const { start, end } of lines(text)) {
    if (allBlank(text, start, end)) {
      afterBlank = true;
      continue;
    }
    let pageBorder = false;
    for (; (pageStarts[nextPage] ?? Infinity) <= start; nextPage++) pageBorder = true;
    const standsAlone = matchesAt(IS_BLOCK, text, start);
    const begins =
      closed || standsAlone || (afterBlank && !pageBorder) || matchesAt(BEGINS_BLOCK, text, start);
    if (block && begins) yield block;
    block = { start: block && !begins ? block.start : start, end };
    closed = standsAlone;
    afterBlank = false;
  }
  if (block) yield block;
}

function* lines(text: string): Generator<Span> {
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    yield { start, end };
    start = end + 1;
  }
}

function allBlank(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isBlank(text.charCodeAt(at))) return false;
  return true;
}

function matchesAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

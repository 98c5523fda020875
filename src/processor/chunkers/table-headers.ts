import { MAX_CONTEXT_CHARS } from '../../contract/services/processor.ts';
import { blocks, type Block } from './blocks.ts';
import { trimSpan, type Span } from './spans/span.ts';
import type { Unit } from './unit.ts';

/** Matches the line below the header of a table in Markdown. */
const DASHES = /^[ \t]*\|[ \t]*:?-/m;

/**
 * Returns a function that finds the header row of the table around a place below its dashes. The places of its calls
 * must grow.
 * @param pageStarts starts of all pages but the first
 */
export function headerReader(
  text: string,
  pageStarts: readonly number[],
): (at: number) => string | undefined {
  // Most texts have no table, and need no blocks.
  if (!DASHES.test(text)) return () => undefined;
  const rest = blocks(text, { pageStarts });
  const nextBlock = (): Block | undefined => {
    const { value } = rest.next();
    return value && { ...value, ...trimSpan(text, value) };
  };
  let block: Block | undefined;
  let header: { end: number; row: string | undefined } | undefined;
  const enter = (next: Block | undefined): void => {
    if (next?.kind === 'header') header = { end: next.end, row: firstLine(text, next) };
    else if (next && !(block && isNextRow(text, block, next))) header = undefined;
    block = next;
  };
  enter(nextBlock());
  return (at) => {
    while (block && block.end <= at) enter(nextBlock());
    return header && block && at > header.end ? header.row : undefined;
  };
}

/**
 * Returns whether a unit is the next row of a table. A blank line between two rows separates two tables.
 * @param last without blanks at its ends, like `next`
 */
export function isNextRow(text: string, last: Unit, next: Unit): boolean {
  if (next.kind !== 'row' || (last.kind !== 'row' && last.kind !== 'header')) return false;
  return text.indexOf('\n', last.end) === text.lastIndexOf('\n', next.start);
}

/** Returns a header row, or undefined if it is too long beside its rows. */
function firstLine(text: string, header: Span): string | undefined {
  const row = text.slice(header.start, text.indexOf('\n', header.start)).trimEnd();
  return row.length <= MAX_CONTEXT_CHARS ? row : undefined;
}

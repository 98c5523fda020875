import { MAX_CONTEXT_CHARS } from '../../contract/services/processor.ts';
import type { Block } from './blocks.ts';
import { lines } from './spans/lines.ts';
import { pieces } from './pieces.ts';
import { sentences } from './sentences.ts';
import { trimSpan, type Span } from './spans/span.ts';
import { joinRuns, type Unit } from './unit.ts';

/**
 * Makes units of blocks. Paragraphs and items split into sentences, code into lines. A list or a table is one unit if
 * it fits into `size` characters. Otherwise each row carries its header.
 */
export function blockUnits(text: string, blocks: Iterable<Block>, size: number): Generator<Unit> {
  const goesOn = (last: Unit, next: Unit) =>
    !next.headings && (next.kind === 'item' ? last.kind === 'item' : isNextRow(text, last, next));
  return joinRuns(units(text, blocks, size), size, goesOn);
}

function* units(text: string, blocks: Iterable<Block>, size: number): Generator<Unit> {
  let last: Unit | undefined;
  let header: string | undefined;
  for (const block of blocks) {
    const { kind, level } = block;
    const span = trimSpan(text, block);
    const unit: Unit = { ...span, kind, parts: () => parts(text, unit, size) };
    if (level !== undefined) unit.headings = [{ start: span.start, level }];
    if (kind === 'header') header = firstLine(text, span);
    else if (!last || !isNextRow(text, last, unit)) header = undefined;
    else if (header !== undefined) unit.context = header;
    last = unit;
    yield unit;
  }
}

function parts(text: string, unit: Unit, size: number): Iterable<Unit> {
  switch (unit.kind) {
    case 'paragraph':
    case 'item':
      return sentences(text, unit, size);
    case 'code':
      return codeLines(text, unit, size);
    default:
      return pieces(text, unit, size, unit.context === undefined ? {} : { context: unit.context });
  }
}

function* codeLines(text: string, code: Span, size: number): Generator<Unit> {
  for (const line of lines(text, code)) yield* pieces(text, line, size);
}

/** A blank line between two rows separates two tables. */
function isNextRow(text: string, last: Unit, next: Unit): boolean {
  if (next.kind !== 'row' || (last.kind !== 'row' && last.kind !== 'header')) return false;
  return text.indexOf('\n', last.end) === text.lastIndexOf('\n', next.start);
}

/** Returns a header row, or undefined if it is too long beside its rows. */
function firstLine(text: string, header: Span): string | undefined {
  const row = text.slice(header.start, text.indexOf('\n', header.start)).trimEnd();
  return row.length <= MAX_CONTEXT_CHARS ? row : undefined;
}

import type { Block } from './blocks.ts';
import { lines } from './spans/lines.ts';
import { pieces } from './pieces.ts';
import { sentences } from './sentences.ts';
import { isNextRow } from './table-headers.ts';
import { trimSpan, type Span } from './spans/span.ts';
import { joinRuns, type Unit } from './unit.ts';

/**
 * Makes units of blocks. Paragraphs and items split into sentences, code into lines. A list or a table is one unit if
 * it fits into `size` characters.
 */
export function blockUnits(text: string, blocks: Iterable<Block>, size: number): Generator<Unit> {
  const goesOn = (last: Unit, next: Unit) =>
    !next.headings && (next.kind === 'item' ? last.kind === 'item' : isNextRow(text, last, next));
  return joinRuns(units(text, blocks, size), size, goesOn);
}

function* units(text: string, blocks: Iterable<Block>, size: number): Generator<Unit> {
  for (const block of blocks) {
    const { kind, level } = block;
    const span = trimSpan(text, block);
    const unit: Unit = { ...span, kind, parts: () => parts(text, unit, size) };
    if (level !== undefined) unit.headings = [{ start: span.start, level }];
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
      return pieces(text, unit, size);
  }
}

function* codeLines(text: string, code: Span, size: number): Generator<Unit> {
  for (const line of lines(text, code)) yield* pieces(text, line, size);
}

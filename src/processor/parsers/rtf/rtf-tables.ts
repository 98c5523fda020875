import { MAX_CELLS, type BlockBuilder } from '../blocks/block-builder.ts';
import type { Block, Spans } from '../blocks/block.ts';
import { ProcessorError } from '../../errors.ts';

/** Edges of cells that lie closer are the same, in twips. Programs round them. */
const SAME_EDGE = 20;

export type TextBlock = Exclude<Block, { type: 'page' | 'table' }>;

/** A part of the text, in reading order. */
export type RtfEntry =
  | { type: 'block'; block: TextBlock }
  | { type: 'note'; block: TextBlock }
  | { type: 'table'; rows: RtfRow[] };

/** Shape of a cell, as its row describes it. */
export interface CellShape {
  /** Place of its right edge, in twips. */
  right: number;
  /** Whether the cell goes on in the next one, or goes on from the one before. */
  horizontal: 'first' | 'merged' | undefined;
  /** Whether the cell goes on in the row below, or goes on from the one above. */
  vertical: 'first' | 'merged' | undefined;
}

/** The shape of a row. */
export interface RowShape {
  left: number;
  cells: CellShape[];
  isHeader: boolean;
}

export interface RtfRow {
  shape: RowShape;
  cells: RtfEntry[][];
}

/** Returns a part as a note. A table stays one. */
export function asNote(entry: RtfEntry): RtfEntry {
  return entry.type === 'block' ? { type: 'note', block: entry.block } : entry;
}

/** Returns the words of all paragraphs on one line. */
export function wordsOf(entries: readonly RtfEntry[]): string {
  const texts = entries.map((entry) =>
    entry.type === 'table'
      ? entry.rows.flatMap(({ cells }) => cells.map(wordsOf)).join(' ')
      : entry.block.text,
  );
  return texts.join(' ').trim();
}

/** Adds parts of the text to a document. */
export function addEntries(entries: readonly RtfEntry[], builder: BlockBuilder): void {
  for (const entry of entries) {
    if (entry.type === 'block') builder.add(entry.block);
    else if (entry.type === 'note') builder.note(entry.block);
    else addTable(entry.rows, builder);
  }
}

function addTable(rows: readonly RtfRow[], builder: BlockBuilder): void {
  builder.openTable();
  for (const { shape, cells } of placed(rows)) {
    builder.openRow(shape.isHeader);
    for (const { entries, column, columnSpan, rowSpan } of cells) {
      builder.openCell({ ...(column !== undefined && { column }), columnSpan, rowSpan });
      addEntries(entries, builder);
    }
    builder.closeCell();
  }
  builder.closeTable();
}

interface PlacedCell extends Required<Omit<Spans, 'column'>> {
  entries: RtfEntry[];
  column: number | undefined;
}

/** Finds the columns of a table by the edges of its cells, and joins merged cells. */
function placed(rows: readonly RtfRow[]): { shape: RowShape; cells: PlacedCell[] }[] {
  const columnAt = columnsOf(rows);
  /** Cells that may go on in the next row, by their columns. */
  let above = new Map<number, PlacedCell>();
  let count = 0;
  return rows.map(({ shape, cells }) => {
    count += cells.length;
    if (count > MAX_CELLS) throw new ProcessorError('text_too_long');
    const row: PlacedCell[] = [];
    const open = new Map<number, PlacedCell>();
    let left = columnAt(shape.left);
    for (const [index, entries] of cells.entries()) {
      const { right, horizontal, vertical } = shape.cells[index] ?? {};
      const end = right === undefined ? undefined : columnAt(right);
      const before = row.at(-1);
      const column = left;
      const columnSpan = Math.max((end ?? 0) - (column ?? 0), 1);
      left = end;
      if (horizontal === 'merged' && before) {
        before.columnSpan += columnSpan;
        for (const entry of entries) before.entries.push(entry);
        continue;
      }
      const covering = vertical === 'merged' && column !== undefined ? above.get(column) : undefined;
      if (covering && column !== undefined) {
        covering.rowSpan++;
        open.set(column, covering);
        if (entries.length === 0) continue;
      }
      const cell: PlacedCell = { entries: [...entries], column, columnSpan, rowSpan: 1 };
      row.push(cell);
      if (vertical === 'first' && column !== undefined) open.set(column, cell);
    }
    above = open;
    return { shape, cells: row };
  });
}

/** Returns the columns of the edges of cells. A table without places has none. */
function columnsOf(rows: readonly RtfRow[]): (edge: number) => number | undefined {
  const edges = new Set(rows.flatMap(({ shape }) => [shape.left, ...shape.cells.map(({ right }) => right)]));
  const columns = new Map<number, number>();
  let column = -1;
  let last = Number.NEGATIVE_INFINITY;
  for (const edge of [...edges].toSorted((a, b) => a - b)) {
    if (edge - last > SAME_EDGE) column++;
    columns.set(edge, column);
    last = edge;
  }
  return (edge) => columns.get(edge);
}

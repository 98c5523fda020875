import type { Cell, ContentBlock } from './block.ts';

/** Most titles of a table that a blank row separates from others. */
const MAX_TITLES = 10;

/** A row of a sheet with its words. */
export interface SheetRow {
  /** Number from 0. */
  row: number;
  cells: readonly SheetCell[];
}

export interface SheetCell extends Cell {
  column: number;
  /** Number of the cell's style. Absent in formats without styles. */
  style?: number;
}

/** Rows that the format marks as one table with a header. */
export interface MarkedTable {
  row: number;
  lastRow: number;
}

/** Rows of one table, and the titles before it. */
interface Part {
  titles: readonly SheetRow[];
  rows: readonly SheetRow[];
  isMarked?: boolean;
}

/**
 * Splits the rows of a sheet into tables, and writes single cells above a table as its titles. A blank row separates
 * tables only if the next row is certainly a header. Otherwise it is part of one table.
 * @param rows rows with words, in their order
 */
export function* sheetTables(
  rows: readonly SheetRow[],
  marked: readonly MarkedTable[] = [],
): Generator<ContentBlock> {
  const parts = [...split(rows, marked)];
  for (const [index, { titles, rows: body, isMarked }] of parts.entries()) {
    const isHead = index < parts.length - 1 && body.length <= MAX_TITLES && body.every(isTitle);
    for (const { cells } of isHead ? [...titles, ...body] : titles)
      yield { type: 'paragraph', text: cells.map(({ text }) => text).join(' ') };
    if (isHead) continue;
    yield { type: 'table', rows: body.map(({ cells }) => cells), ...(isMarked && { headerRows: 1 }) };
  }
}

function* split(rows: readonly SheetRow[], marked: readonly MarkedTable[]): Generator<Part> {
  let next = 0;
  for (const { row, lastRow } of marked.toSorted((a, b) => a.row - b.row)) {
    let from = next;
    while (from < rows.length && (rows[from]?.row ?? 0) < row) from++;
    let to = from;
    while (to < rows.length && (rows[to]?.row ?? 0) <= lastRow) to++;
    // Tables beside each other are in one grid.
    if (from === to || (rows[next]?.row ?? 0) > row) continue;
    yield* splitAtHeaders(rows.slice(next, from));
    yield { titles: [], rows: rows.slice(from, to), isMarked: true };
    next = to;
  }
  yield* splitAtHeaders(rows.slice(next));
}

function* splitAtHeaders(rows: readonly SheetRow[]): Generator<Part> {
  let titles: readonly SheetRow[] = [];
  let start = 0;
  let header = rows.findIndex((row) => !isTitle(row));
  for (let at = 1; at < rows.length; at++) {
    if ((rows[at]?.row ?? 0) <= (rows[at - 1]?.row ?? 0) + 1) continue;
    let next = at;
    for (let row; (row = rows[next]) && isTitle(row) && next - at < MAX_TITLES;) next++;
    if (!isHeader(rows[next], rows[next + 1], header < at ? rows[header] : undefined)) continue;
    yield { titles, rows: rows.slice(start, at) };
    titles = rows.slice(at, next);
    start = next;
    header = next;
    at = next;
  }
  if (start < rows.length) yield { titles, rows: rows.slice(start) };
}

function isTitle({ cells }: SheetRow): boolean {
  return cells.length === 1;
}

/**
 * Returns whether a row after a blank one is certainly a header. It has words above numbers. It also has other columns
 * than the header before, or the same words, or its style.
 */
function isHeader(
  row: SheetRow | undefined,
  below: SheetRow | undefined,
  before: SheetRow | undefined,
): boolean {
  if (!row || !below || below.row !== row.row + 1 || row.cells.length < 2) return false;
  const columns = new Set(row.cells.map(({ column }) => column));
  if (!row.cells.every(({ text }) => /\p{L}/u.test(text))) return false;
  if (!below.cells.every(({ column }) => columns.has(column)) || !below.cells.some(isNumber)) return false;
  if (!before) return true;
  const known = new Map(before.cells.map((cell) => [cell.column, cell]));
  const styles = new Set(below.cells.map(({ style }) => style));
  return (
    row.cells.some(({ column }) => !known.has(column)) ||
    row.cells.every(({ column, text }) => known.get(column)?.text === text) ||
    row.cells.every(({ column, style }) => known.get(column)?.style === style && !styles.has(style))
  );
}

/** Returns whether a cell has digits, and no letters. */
export function isNumber({ text }: Pick<Cell, 'text'>): boolean {
  return /\d/.test(text) && !/\p{L}/u.test(text);
}

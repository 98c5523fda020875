import type { Cell, Row, Table } from './block.ts';
import { isNumber } from './sheet-tables.ts';

/** Most columns or rows that a cell may cover. HTML has the same limit for columns. */
const MAX_SPAN = 1000;
/** Most rows that all cells of a table cover below their own. Cells beyond it cover one row, because each row costs time. */
const MAX_COVERED_ROWS = 1_000_000;
/** Most rows of a header. A longer span in the first row is a label of the rows beside it. */
const MAX_HEADER_ROWS = 4;
/** Most titles before a table. More single cells are a table of their own kind. */
const MAX_TITLES = 10;

/** A table whose cells stand in their columns, without empty rows and columns. */
export interface TableGrid {
  /** Texts of single cells above the header. */
  titles: string[];
  /** Texts of each row, up to its last cell with text. */
  rows: string[][];
  columns: number;
  /** Rows of the header, at least 1. */
  headerRows: number;
  /** Cells that cover rows below their own, in the order of their rows. */
  labels: Label[];
}

/** A cell that covers the rows from `from` to before `to`. */
export interface Label {
  column: number;
  from: number;
  to: number;
  text: string;
}

/** A cell with text, at its column in the file. */
type PlacedCell = Required<Cell>;

/** A row with text, and its number in the file. */
interface PlacedRow {
  row: number;
  cells: PlacedCell[];
}

/** Columns that cells from above cover in some of the rows below. */
interface Covered {
  from: number;
  to: number;
  rows: number;
}

/**
 * Places the cells of a table, and tells its titles, header and labels. The header ends where the spans of its first
 * row end.
 */
export function tableGrid({ rows, headerRows = 0 }: Table): TableGrid {
  const filled = [...placedRows(rows)].filter(({ cells }) => cells.length > 0);
  const used = new Set(filled.flatMap(({ cells }) => cells.map(({ column }) => column)));
  const columns = new Map([...used].toSorted((a, b) => a - b).map((column, index) => [column, index]));
  // The last row that the format marks as header is no title.
  const lastHeader = filled.findLastIndex(({ row }) => row < headerRows);
  const titles = Math.min(countTitles(filled, columns), lastHeader === -1 ? Infinity : lastHeader);
  const body = filled.slice(titles);
  return {
    titles: filled.slice(0, titles).flatMap(({ cells }) => cells.map(({ text }) => text)),
    rows: body.map(({ cells }) => spread(cells, columns)),
    columns: columns.size,
    headerRows: countHeaderRows(body, headerRows),
    labels: labelsOf(body, columns),
  };
}

function* placedRows(rows: Iterable<Row>): Generator<PlacedRow> {
  let covered: Covered[] = [];
  let row = 0;
  let coveredRows = 0;
  for (const cells of rows) {
    const placed: PlacedCell[] = [];
    const begun: Covered[] = [];
    let next = 0;
    let above = 0;
    for (const { text, column, columnSpan = 1, rowSpan = 1 } of cells) {
      for (let span; (span = covered[above]) && span.from <= next; above++) next = Math.max(next, span.to);
      const from = column ?? next;
      const width = Math.min(Math.max(columnSpan, 1), MAX_SPAN);
      const height = coveredRows < MAX_COVERED_ROWS ? Math.min(Math.max(rowSpan, 1), MAX_SPAN) : 1;
      coveredRows += height - 1;
      next = from + width;
      if (text !== '') placed.push({ text, column: from, columnSpan: width, rowSpan: height });
      if (height > 1) begun.push({ from, to: next, rows: height - 1 });
    }
    yield { row: row++, cells: placed };
    const goOn = covered.map((span) => ({ ...span, rows: span.rows - 1 })).filter((span) => span.rows > 0);
    covered = [...goOn, ...begun].sort((a, b) => a.from - b.from);
  }
}

function spread(cells: readonly PlacedCell[], columns: ReadonlyMap<number, number>): string[] {
  const texts: string[] = [];
  for (const { text, column } of cells) {
    const index = columns.get(column) ?? 0;
    while (texts.length < index) texts.push('');
    texts[index] = texts[index] ? `${texts[index]} ${text}` : text;
  }
  return texts;
}

/**
 * Counts the title rows at the start. Each has one cell, which heads no column. A row of several cells follows them.
 */
function countTitles(rows: readonly PlacedRow[], columns: ReadonlyMap<number, number>): number {
  const first = rows.findIndex(({ cells }) => cells.length > 1);
  const titles = rows.slice(0, Math.max(first, 0));
  if (titles.length === 0 || titles.length > MAX_TITLES) return 0;
  const isTitle = ({ cells: [cell] }: PlacedRow) => {
    if (cell?.rowSpan !== 1) return false;
    const isFirst = columns.get(cell.column) === 0;
    if (columns.size > 2) return isFirst || cell.columnSpan === 1;
    return isFirst && (cell.columnSpan > 1 || isFilled(rows.slice(first)));
  };
  return titles.every(isTitle) ? titles.length : 0;
}

/** Returns whether rows of two columns are all full, below a row of words. A single cell above them heads no column. */
function isFilled(rows: readonly PlacedRow[]): boolean {
  return rows.length > 1 && !rows[0]?.cells.some(isNumber) && rows.every(({ cells }) => cells.length === 2);
}

/** @param marked rows that the format marks as header */
function countHeaderRows(body: readonly PlacedRow[], marked: number): number {
  const [first] = body;
  if (!first) return 1;
  const end = first.row + first.cells.reduce((most, { rowSpan }) => Math.max(most, rowSpan), 1);
  let rows = Math.max(body.findLastIndex(({ row }) => row < Math.max(end, marked)) + 1, 1);
  while (rows < Math.min(MAX_HEADER_ROWS, body.length - 1) && goesOn(body.slice(0, rows), body[rows])) rows++;
  return rows <= MAX_HEADER_ROWS && rows < body.length ? rows : 1;
}

/**
 * Returns whether a header goes on in the next row. Each cell of that row is below a cell of the last one that covers
 * several columns, or below blanks. Below blanks it has no numbers.
 */
function goesOn(header: readonly PlacedRow[], next: PlacedRow | undefined): boolean {
  const spans = header.at(-1)?.cells.filter(({ columnSpan }) => columnSpan > 1) ?? [];
  if (!next || spans.length === 0) return false;
  const lies = ({ column }: PlacedCell, above: readonly PlacedCell[]) =>
    above.some((cell) => column >= cell.column && column < cell.column + cell.columnSpan);
  const cells = header.flatMap((row) => row.cells);
  const isBelow = next.cells.every((cell) => lies(cell, spans));
  if (isBelow && header.length === 1) return true;
  return !next.cells.some(isNumber) && next.cells.every((cell) => lies(cell, spans) || !lies(cell, cells));
}

function labelsOf(body: readonly PlacedRow[], columns: ReadonlyMap<number, number>): Label[] {
  return body.flatMap(({ row, cells }, from) =>
    cells.flatMap(({ text, column, rowSpan }) => {
      let to = from + 1;
      while (rowSpan > 1 && to < body.length && (body[to]?.row ?? 0) < row + rowSpan) to++;
      return to > from + 1 ? [{ column: columns.get(column) ?? 0, from, to, text }] : [];
    }),
  );
}

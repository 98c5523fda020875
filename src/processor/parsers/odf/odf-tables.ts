import type { Spans } from '../blocks/block.ts';
import { elementsIn, type XmlElement } from '../markup/xml-element.ts';

/** Rows and columns of the largest spreadsheets. A larger number is no count. */
const MAX_REPEATED = 1_048_576;
/** Most empty rows below cells that cover them. */
const MAX_COVERED_ROWS = 100_000;
/** Most cells that cover rows below at once. */
const MAX_COVERED = 100;
const GROUPS = new Set(['table:table-header-rows', 'table:table-rows', 'table:table-row-group']);

/** Columns that a cell above covers in rows below. */
interface Covered {
  from: number;
  to: number;
  /** The row after the last one. */
  end: number;
}

/** A row of a table. */
interface OdfRow {
  element: XmlElement;
  /** Number of the row, from 0. */
  row: number;
  /** Those that show something, in the order of their columns. */
  cells: OdfCell[];
  isHeader: boolean;
}

/** A cell, or several equal ones beside each other. */
export interface OdfCell extends Required<Spans> {
  element: XmlElement;
  repeated: number;
}

/**
 * Yields the rows of a table, a repeated one as often as it stands there. Empty rows only count below a cell that covers
 * them.
 */
export function* rowsOf(table: XmlElement): Generator<OdfRow> {
  let at = 0;
  let coveredRows = 0;
  let above: Covered[] = [];
  for (const { element, isHeader } of rowElements(table, false)) {
    if (above.some(({ end }) => end <= at)) above = above.filter(({ end }) => end > at);
    const cells = [...cellsOf(element, above)];
    const repeated = repeatedIn(element, 'table:number-rows-repeated');
    const covered = Math.max(at, ...above.map(({ end }) => end)) - at;
    const rows = cells.length > 0 ? repeated : Math.min(repeated, covered, MAX_COVERED_ROWS - coveredRows);
    for (let row = at; row < at + rows; row++) yield { element, row, cells, isHeader };
    if (cells.length === 0) coveredRows += rows;
    const begun = cells.filter(({ rowSpan }) => rowSpan > 1);
    if (begun.length > 0 && above.length < MAX_COVERED) {
      for (const { column, columnSpan, rowSpan } of begun)
        above.push({ from: column, to: column + columnSpan, end: at + rowSpan });
      above = above.sort((a, b) => a.from - b.from).slice(0, MAX_COVERED);
    }
    at += repeated;
  }
}

/** Reads a count of repetitions or covered cells from an attribute: 1 if absent, at most MAX_REPEATED. */
export function repeatedIn({ attributes }: XmlElement, attribute: string): number {
  const count = Math.trunc(Number(attributes.get(attribute) ?? 1));
  return count >= 1 ? Math.min(count, MAX_REPEATED) : 1;
}

function* rowElements(
  element: XmlElement,
  isHeader: boolean,
): Generator<{ element: XmlElement; isHeader: boolean }> {
  for (const child of elementsIn(element)) {
    if (child.name === 'table:table-row') yield { element: child, isHeader };
    else if (GROUPS.has(child.name))
      yield* rowElements(child, isHeader || child.name === 'table:table-header-rows');
  }
}

/**
 * Yields the cells of a row that show something. Covered cells take their columns. Some programs leave them out, so a
 * cell moves past those that cover its place.
 */
function* cellsOf(row: XmlElement, above: readonly Covered[]): Generator<OdfCell> {
  let column = 0;
  /** Columns that the cell before covers beside its own. */
  let covered = 0;
  let next = 0;
  for (const element of elementsIn(row)) {
    const repeated = repeatedIn(element, 'table:number-columns-repeated');
    if (element.name === 'table:covered-table-cell') {
      column += repeated;
      covered = Math.max(0, covered - repeated);
    }
    if (element.name !== 'table:table-cell') continue;
    column += covered;
    for (let span; (span = above[next]) && span.from <= column; next++) column = Math.max(column, span.to);
    const columnSpan = repeatedIn(element, 'table:number-columns-spanned');
    const rowSpan = repeatedIn(element, 'table:number-rows-spanned');
    if (showsSomething(element)) yield { element, column, repeated, columnSpan, rowSpan };
    column += repeated;
    covered = columnSpan - 1;
  }
}

function showsSomething({ name, attributes, children }: XmlElement): boolean {
  return (
    name === 'draw:object' ||
    attributes.has('office:value-type') ||
    children.some((child) => (typeof child === 'string' ? child.trim() !== '' : showsSomething(child)))
  );
}

import type { Reading } from './reading.ts';
import type { SheetCell, SheetRow } from './sheet-tables.ts';

/** More than the number of columns that a reference can name. */
const COLUMNS = 2 ** 15;

/** A range of cells. Rows and columns count from 0. */
export interface CellRange {
  row: number;
  column: number;
  lastRow: number;
  lastColumn: number;
}

/** A row of a sheet with words, visible or hidden. */
export interface ReadRow extends SheetRow {
  isHidden: boolean;
}

/** The visible rows of a sheet. */
export interface SheetView {
  rows: SheetRow[];
  /** Returns whether the view leaves out a cell, because the sheet hides it. */
  leavesOut: (row: number, column: number) => boolean;
}

interface MergedCell extends SheetCell {
  merge?: CellRange | undefined;
}

/**
 * Leaves out what a sheet hides, and gives merged cells their spans. A merged cell stands in the first row and column of
 * its range that show.
 * @param rows rows with words, in their order
 */
export function sheetView(
  rows: readonly ReadRow[],
  merges: readonly CellRange[],
  isHiddenColumn: (column: number) => boolean,
  reading: Reading,
): SheetView {
  const leftRows = new Set(
    rows.filter((row) => row.isHidden && !reading.takesHidden()).map(({ row }) => row),
  );
  const used = new Set(
    rows.filter(({ row }) => !leftRows.has(row)).flatMap(({ cells }) => cells.map(({ column }) => column)),
  );
  const leftColumns = new Set([...used].filter((column) => isHiddenColumn(column) && !reading.takesHidden()));
  const byPlace = new Map(merges.map((merge) => [placeOf(merge.row, merge.column), merge]));
  const shown: { row: number; cells: MergedCell[] }[] = [];
  let carried: MergedCell[] = [];
  for (const { row, cells } of rows) {
    const merged = cells.flatMap((cell): MergedCell[] => {
      const merge = byPlace.get(placeOf(row, cell.column));
      const column = firstShown(cell.column, merge?.lastColumn ?? cell.column, leftColumns);
      return column === undefined ? [] : [{ ...cell, column, merge }];
    });
    if (leftRows.has(row)) carried.push(...merged.filter(({ merge }) => merge !== undefined));
    else {
      const reaching = carried.filter(({ merge }) => merge !== undefined && merge.lastRow >= row);
      const all = reaching.length > 0 ? [...reaching, ...merged].sort((a, b) => a.column - b.column) : merged;
      if (all.length > 0) shown.push({ row, cells: all });
      carried = [];
    }
  }
  const numbers = shown.map(({ row }) => row);
  return {
    rows: shown.map(({ row, cells }, index) => ({
      row,
      cells: cells.map((cell) => spanning(cell, index, numbers)),
    })),
    leavesOut: (row, column) => leftRows.has(row) || leftColumns.has(column),
  };
}

function placeOf(row: number, column: number): number {
  return row * COLUMNS + column;
}

function firstShown(column: number, last: number, left: ReadonlySet<number>): number | undefined {
  for (let at = column; at <= last; at++) if (!left.has(at)) return at;
  return undefined;
}

/** Counts the rows that a cell covers among those that show. */
function spanning({ merge, ...cell }: MergedCell, index: number, rows: readonly number[]): SheetCell {
  if (!merge) return cell;
  let end = index + 1;
  let beyond = rows.length;
  while (end < beyond) {
    const middle = Math.floor((end + beyond) / 2);
    if ((rows[middle] ?? 0) <= merge.lastRow) end = middle + 1;
    else beyond = middle;
  }
  return { ...cell, columnSpan: merge.lastColumn - cell.column + 1, rowSpan: end - index };
}

import type { Block, Row } from '../blocks/block.ts';
import { isNumber, sheetTables, type SheetRow } from '../blocks/sheet-tables.ts';
import { readRows } from './delimited.ts';

/** Most cells in a table. With a heap of 1 GB, as many took 304 MB, and two million took 1,145 MB. */
const MAX_CELLS = 200_000;

/** Reads delimited values as tables. A long file is several tables, each with the header of the one before. */
export function* readCsv(text: string): Generator<Block> {
  let rows: SheetRow[] = [];
  let count = 0;
  for (const row of rowsWithText(text)) {
    if (count + row.cells.length > MAX_CELLS) {
      const header = yield* tables(rows);
      rows = header ? [{ cells: header, row: row.row - 1 }] : [];
      count = 0;
    }
    rows.push(row);
    count += row.cells.length;
  }
  yield* tables(rows);
}

/** Yields tables, and returns the header of the last one. A row with numbers is none. */
function* tables(rows: readonly SheetRow[]): Generator<Block, SheetRow['cells'] | undefined> {
  let last: Row = [];
  for (const block of sheetTables(rows)) {
    if (block.type === 'table') last = block.rows.find(({ length }) => length > 1) ?? [];
    yield block;
  }
  const isHeader = last.length > 0 && !last.some(isNumber);
  return isHeader ? last.map((cell, column) => ({ column, ...cell })) : undefined;
}

function* rowsWithText(text: string): Generator<SheetRow> {
  let row = 0;
  for (const fields of readRows(text)) {
    const cells = fields.flatMap((field, column) => (field.trim() === '' ? [] : [{ text: field, column }]));
    if (cells.length > 0) yield { row, cells };
    row++;
  }
}

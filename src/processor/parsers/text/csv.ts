import type { Block } from '../blocks/block.ts';
import { sheetTables, type SheetRow } from '../blocks/sheet-tables.ts';
import { readRows } from './delimited.ts';

/** Most cells in a table. With a heap of 1 GB, as many took 304 MB, and two million took 1,145 MB. */
const MAX_CELLS = 200_000;

/** Reads delimited values as tables. A long file is several tables that repeat its header. */
export function* readCsv(text: string): Generator<Block> {
  let rows: SheetRow[] = [];
  let header: SheetRow | undefined;
  let count = 0;
  for (const row of rowsWithText(text)) {
    if (count + row.cells.length > MAX_CELLS) {
      header ??= rows.find(({ cells }) => cells.length > 1);
      yield* sheetTables(rows);
      rows = header ? [{ ...header, row: row.row - 1 }] : [];
      count = 0;
    }
    rows.push(row);
    count += row.cells.length;
  }
  yield* sheetTables(rows);
}

function* rowsWithText(text: string): Generator<SheetRow> {
  let row = 0;
  for (const fields of readRows(text)) {
    const cells = fields.flatMap((field, column) => (field.trim() === '' ? [] : [{ text: field, column }]));
    if (cells.length > 0) yield { row, cells };
    row++;
  }
}

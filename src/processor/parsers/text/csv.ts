import type { Block } from '../blocks/block.ts';
import { sheetTables, type SheetRow } from '../blocks/sheet-tables.ts';
import { tableRows } from '../markdown-writer.ts';
import { readRows } from './delimited.ts';

/** Longest text whose cells are placed in a grid, in characters. */
const MAX_GRID_CHARS = 1_000_000;
/** Most cells in a grid. With a heap of 1 GB, as many took 304 MB, and two million took 1,145 MB. */
const MAX_GRID_CELLS = 200_000;

/** Reads delimited values as tables. A very long file is one table, with its first row as header. */
export function readCsv(text: string): Iterable<Block> {
  const rows = text.length <= MAX_GRID_CHARS ? gridRows(text) : undefined;
  if (rows) return sheetTables(rows);
  return [{ type: 'paragraph', text: [...tableRows(withText(text))].join('\n') }];
}

/** Reads the rows with text; undefined if they have too many cells. */
function gridRows(text: string): SheetRow[] | undefined {
  const rows: SheetRow[] = [];
  let row = 0;
  let count = 0;
  for (const fields of readRows(text)) {
    const cells = fields.flatMap((field, column) => (field.trim() === '' ? [] : [{ text: field, column }]));
    count += cells.length;
    if (count > MAX_GRID_CELLS) return undefined;
    if (cells.length > 0) rows.push({ row, cells });
    row++;
  }
  return rows;
}

function* withText(text: string): Generator<string[]> {
  for (const fields of readRows(text)) if (fields.some((field) => field.trim() !== '')) yield fields;
}

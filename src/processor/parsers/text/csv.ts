import type { Block } from '../blocks/block.ts';
import { sheetTables, type SheetRow } from '../blocks/sheet-tables.ts';
import { tableRows } from '../markdown-writer.ts';
import { readRows } from './delimited.ts';

/** Longest text whose cells are placed in a grid, in characters. The cells of 12 MB took 780 MB. */
const MAX_GRID_CHARS = 4_000_000;

/** Reads delimited values as tables. A very long file is one table, with its first row as header. */
export function readCsv(text: string): Iterable<Block> {
  if (text.length <= MAX_GRID_CHARS) return sheetTables([...filledRows(text)]);
  return [{ type: 'paragraph', text: [...tableRows(withText(text))].join('\n') }];
}

function* filledRows(text: string): Generator<SheetRow> {
  let row = 0;
  for (const fields of readRows(text)) {
    const cells = fields.flatMap((field, column) => (field.trim() === '' ? [] : [{ text: field, column }]));
    if (cells.length > 0) yield { row, cells };
    row++;
  }
}

function* withText(text: string): Generator<string[]> {
  for (const fields of readRows(text)) if (fields.some((field) => field.trim() !== '')) yield fields;
}

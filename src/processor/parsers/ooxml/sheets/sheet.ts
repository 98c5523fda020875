import type { Reading } from '../../blocks/reading.ts';
import { sheetView, type CellRange, type ReadRow, type SheetView } from '../../blocks/sheet-view.ts';
import { isSet, type XmlElement } from '../../markup/xml-element.ts';
import { parseRange } from './cell-range.ts';
import type { CellReader } from './sheet-cells.ts';

/** Elements with what a sheet shows. */
export const SHEET_PARTS = new Set(['s:col', 's:row', 's:mergeCell', 's:drawing', 's:tablePart']);
/** Most columns of a sheet. */
const MAX_COLUMNS = 16_384;

/** A sheet with the ids of the parts that belong to it. */
interface Sheet extends SheetView {
  drawings: string[];
  /** Tables within the sheet, whose header the file marks. */
  tables: string[];
}

/** Reads the rows of a sheet that show. Hidden rows and columns go through `reading.takesHidden()`. */
export function readSheet(parts: Iterable<XmlElement>, cells: CellReader, reading: Reading): Sheet {
  const rows: ReadRow[] = [];
  const merges: CellRange[] = [];
  const drawings: string[] = [];
  const tables: string[] = [];
  const hidden = new Uint8Array(MAX_COLUMNS);
  const columns: { first: number; end: number }[] = [];
  let nextRow = 0;
  for (const element of parts) {
    const { attributes } = element;
    const id = attributes.get('r:id') ?? '';
    if (element.name === 's:row') {
      const row = cells.row(element, nextRow);
      reading.cells.spend(row.cells.length);
      nextRow = row.row + 1;
      if (row.cells.length > 0) rows.push(row);
    } else if (element.name === 's:col') {
      if (!isSet(element, 'hidden')) continue;
      const first = Number(attributes.get('min') ?? 0) - 1;
      const end = Number(attributes.get('max') ?? 0);
      if (first < end) columns.push({ first, end });
    } else if (element.name === 's:mergeCell') {
      const range = parseRange(attributes.get('ref') ?? '');
      if (range) merges.push(range);
    } else if (element.name === 's:drawing') drawings.push(id);
    else tables.push(id);
  }
  rows.sort((a, b) => a.row - b.row);
  // In their order, so that each is filled once.
  let filled = 0;
  for (const { first, end } of columns.toSorted((a, b) => a.first - b.first)) {
    hidden.fill(1, Math.max(first, filled), Math.max(end, filled));
    filled = Math.max(end, filled);
  }
  return { ...sheetView(rows, merges, (column) => hidden[column] === 1, reading), drawings, tables };
}

import { read, utils, type CellObject, type DenseWorkSheet, type Range, type WorkBook } from '@e965/xlsx';

import { ProcessorError } from '../../errors.ts';
import type { Block, ContentBlock } from '../blocks/block.ts';
import { commentText } from '../blocks/comment-text.ts';
import type { Reading } from '../blocks/reading.ts';
import { sheetPages } from '../blocks/sheet-pages.ts';
import { sheetTables, type SheetCell } from '../blocks/sheet-tables.ts';
import { sheetView, type ReadRow } from '../blocks/sheet-view.ts';
import { checkCompoundFile } from './compound-file.ts';

/** Matches the library's error for a workbook with a password. */
const ENCRYPTED = /password|encrypt/i;
/** The format's first year. A time of the day alone is in the year before. */
const FIRST_YEAR = 1900;

/**
 * Reads a workbook of Excel up to 2003. Its sheets are its pages. Dates are in ISO 8601, other cells as they are shown.
 * @throws {ProcessorError} `encrypted`, `corrupt`, or `text_too_long`
 */
export function* readXls(bytes: Buffer, reading: Reading): Generator<Block> {
  const { SheetNames, Sheets, Workbook } = openWorkbook(bytes);
  const sheets = SheetNames.map((name, index) => ({
    name,
    isHidden: (Workbook?.Sheets?.[index]?.Hidden ?? 0) > 0,
    sheet: Sheets[name] as DenseWorkSheet | undefined,
  }));
  yield* sheetPages(sheets, ({ sheet }) => sheetBlocks(sheet, reading), reading);
}

function openWorkbook(bytes: Buffer): WorkBook {
  try {
    checkCompoundFile(bytes);
    return read(bytes, {
      type: 'buffer',
      dense: true,
      cellDates: true,
      UTC: true,
      cellFormula: false,
      cellHTML: false,
      // Without it the library does not tell hidden columns.
      cellStyles: true,
    });
  } catch (error) {
    const isEncrypted = error instanceof Error && ENCRYPTED.test(error.message);
    throw new ProcessorError(isEncrypted ? 'encrypted' : 'corrupt', { cause: error });
  }
}

function* sheetBlocks(sheet: DenseWorkSheet | undefined, reading: Reading): Generator<ContentBlock> {
  if (!sheet) throw new ProcessorError('corrupt');
  const rows: ReadRow[] = [];
  const comments: { row: number; column: number; text: string }[] = [];
  // The arrays have holes, which Object.entries passes over.
  for (const [number, cellsOfRow] of Object.entries(sheet['!data'] ?? [])) {
    const row = Number(number);
    const cells: SheetCell[] = [];
    for (const [at, cell] of Object.entries(cellsOfRow)) {
      const column = Number(at);
      const text = cellText(cell);
      if (text.trim() !== '') cells.push({ text, column });
      for (const { a: author = '', t: words = '' } of cell.c ?? [])
        comments.push({
          row,
          column,
          text: commentText(author, commentWords(words), utils.encode_cell({ r: row, c: column })),
        });
    }
    reading.cells.spend(cells.length);
    const isHidden = sheet['!rows']?.[row]?.hidden ?? false;
    if (cells.length > 0) rows.push({ row, cells, isHidden });
  }
  const ranges: readonly Range[] = sheet['!merges'] ?? [];
  const merges = ranges.map(({ s, e }) => ({
    row: s.r,
    column: s.c,
    lastRow: e.r,
    lastColumn: e.c,
  }));
  const isHiddenColumn = (column: number) => sheet['!cols']?.[column]?.hidden ?? false;
  const view = sheetView(rows, merges, isHiddenColumn, reading);
  yield* sheetTables(view.rows);
  for (const { row, column, text } of comments)
    if (!view.leavesOut(row, column)) yield { type: 'paragraph', text };
}

/** Returns a comment's own text. After a NUL, the library adds the formats of its letters as text. */
function commentWords(comment: string): string {
  return comment.split('\0', 1)[0] ?? '';
}

function cellText({ t, v, w }: CellObject): string {
  if (t === 'd' && v instanceof Date && !Number.isNaN(v.getTime())) {
    const [date = '', time = ''] = v.toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length).split('T');
    if (v.getUTCFullYear() < FIRST_YEAR) return time;
    return time === '00:00:00' ? date : `${date} ${time}`;
  }
  return w ?? String(v ?? '');
}

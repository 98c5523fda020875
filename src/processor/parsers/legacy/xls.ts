import type { CellObject, DenseWorkSheet } from '@e965/xlsx';

import type { ParseEvent } from '../../../contract/services/processor.ts';
import { ProcessorError } from '../../errors.ts';
import { bytesOf, type DocumentFile } from '../document-file.ts';
import { heading, oneLine, tableLines } from '../markdown-writer.ts';
import { normalize } from '../normalize.ts';
import { PAGE_BREAK, segments } from '../segments.ts';
import { checkCompoundFile } from './compound-file.ts';

/** Most cells, as of newer workbooks. */
const MAX_CELLS = 400_000;
const TOO_MANY = 'The workbook has too many cells to read. Upload it in smaller parts.';
/** What the library says of a workbook with a password. */
const ENCRYPTED = /password|encrypt/i;
/** The format's first year. A time of the day alone is in the year before. */
const FIRST_YEAR = 1900;

/**
 * Reads a workbook of Excel up to 2003. Its sheets are its pages. Dates are in ISO 8601, other cells as they are shown.
 * @throws {ProcessorError} `encrypted`, `corrupt`, `no_text`, or `text_too_long`
 */
export async function* parseXls(file: DocumentFile, maxTextChars: number): AsyncGenerator<ParseEvent> {
  const sheets = await readSheets(await bytesOf(file));
  const texts = sheets.map(([name, sheet]) => sheetText(name, sheet, maxTextChars));
  const last = texts.findLastIndex((text) => text !== '');
  if (last === -1) throw new ProcessorError('no_text');
  for (const [index, text] of texts.entries()) {
    const page = index + 1;
    if (text !== '') yield* segments(index < last ? text + PAGE_BREAK : text, { page });
  }
  yield { type: 'progress', pages_done: texts.length, pages_total: texts.length };
  yield { type: 'end', metadata: { pages: texts.length } };
}

async function readSheets(bytes: Buffer): Promise<[name: string, sheet: DenseWorkSheet][]> {
  try {
    checkCompoundFile(bytes);
    const { read } = await import('@e965/xlsx');
    const { SheetNames, Sheets } = read(bytes, {
      type: 'buffer',
      dense: true,
      cellDates: true,
      UTC: true,
      cellFormula: false,
      cellHTML: false,
    });
    return SheetNames.map((name) => {
      const sheet = Sheets[name];
      if (!sheet) throw new Error(`The workbook lists the sheet ${name}, and does not have it.`);
      return [name, sheet as DenseWorkSheet];
    });
  } catch (error) {
    const isEncrypted = error instanceof Error && ENCRYPTED.test(error.message);
    throw new ProcessorError(isEncrypted ? 'encrypted' : 'corrupt', { cause: error });
  }
}

function sheetText(name: string, sheet: DenseWorkSheet, maxTextChars: number): string {
  const rows = filledRows(sheet);
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))].toSorted((a, b) => a - b);
  if (columns.length === 0) return '';
  let text = `${heading(1, name)}\n`;
  for (const line of tableLines(spread(rows, columns), columns.length)) {
    text += `\n${line}`;
    if (text.length > maxTextChars) throw new ProcessorError('text_too_long');
  }
  return normalize(text);
}

function* spread(rows: readonly Map<number, string>[], columns: readonly number[]): Generator<string[]> {
  for (const row of rows) {
    const width = columns.findLastIndex((column) => row.has(column)) + 1;
    yield columns.slice(0, width).map((column) => row.get(column) ?? '');
  }
}

/** Returns the texts of each row by their column, without empty rows. */
function filledRows(sheet: DenseWorkSheet): Map<number, string>[] {
  const rows: Map<number, string>[] = [];
  let cells = 0;
  for (const row of Object.values(sheet['!data'] ?? [])) {
    const filled = new Map<number, string>();
    for (const [column, cell] of Object.entries(row)) {
      const text = oneLine(cellText(cell));
      if (text !== '') filled.set(Number(column), text);
    }
    cells += filled.size;
    if (cells > MAX_CELLS) throw new ProcessorError('text_too_long', { detail: TOO_MANY });
    if (filled.size > 0) rows.push(filled);
  }
  return rows;
}

function cellText({ t, v, w }: CellObject): string {
  if (t === 'd' && v instanceof Date && !Number.isNaN(v.getTime())) {
    const [date = '', time = ''] = v.toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length).split('T');
    if (v.getUTCFullYear() < FIRST_YEAR) return time;
    return time === '00:00:00' ? date : `${date} ${time}`;
  }
  return w ?? String(v ?? '');
}

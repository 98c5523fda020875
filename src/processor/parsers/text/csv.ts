import { readRows } from './delimited.ts';
import { tableLines } from '../markdown-writer.ts';

/** Writes delimited values as a Markdown table. The first row is its header. */
export function csvTable(text: string): string {
  return [...tableLines(filled(readRows(text)))].join('\n');
}

function* filled(rows: Iterable<string[]>): Generator<string[]> {
  for (const row of rows) if (row.some((field) => field.trim() !== '')) yield row;
}

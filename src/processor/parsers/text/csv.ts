import type { ParseEvent } from '../../../contract/processor.ts';
import { ProcessorError } from '../../errors.ts';
import { readTextFile } from '../detect/decode-text.ts';
import { readRows } from './delimited.ts';
import { tableLines } from '../markdown-writer.ts';

/** Reads delimited values as a Markdown table. The first row is its header. */
export async function* parseCsv(path: string, maxTextChars: number): AsyncGenerator<ParseEvent> {
  const { text, encoding } = await readTextFile(path, maxTextChars);
  const table = [...tableLines(filled(readRows(text)))].join('\n');
  if (table === '') throw new ProcessorError('no_text');
  yield { type: 'segment', text: table };
  yield { type: 'end', metadata: { media_type: 'text/csv', encoding } };
}

function* filled(rows: Iterable<string[]>): Generator<string[]> {
  for (const row of rows) if (row.some((field) => field.trim() !== '')) yield row;
}

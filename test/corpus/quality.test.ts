import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

import { parseDocument } from '../../src/processor/parsers/document.ts';
import { qualityOf, withoutRepeatedHeads } from '../helpers/documents/text-quality.ts';
import { corpusPath } from './corpus.ts';

/** Returns the pages of a PDF as poppler reads them; undefined without poppler. */
function popplerPages(path: string): string[] | undefined {
  try {
    const text = execFileSync('pdftotext', ['-q', path, '-'], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    return text.split('\f').slice(0, -1);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function pagesOf(path: string): Promise<string[]> {
  const pages: string[] = [];
  for await (const event of parseDocument(
    { path, filename: 'a.pdf', mediaType: '' },
    { maxTextChars: 20_000_000 },
  )) {
    if (event.type === 'segment') pages[event.page! - 1] = (pages[event.page! - 1] ?? '') + event.text;
  }
  return pages;
}

// One page of tables, of which LiteParse flattens one. poppler lists their cells by column.
const TABLES = 'korean-text-with-tables.pdf';

it.each([
  'copy-protected.pdf',
  'layout-parser-paper-fast.pdf',
  'multi-column.pdf',
  'failure-after-repair.pdf',
  'DA-619p.pdf',
  TABLES,
])('%s says what poppler finds, in its order', async (name) => {
  const reference = popplerPages(corpusPath(name));
  if (!reference) {
    console.log(`${name} is not compared: pdftotext of poppler is not installed.`);
    return;
  }
  const pages = await pagesOf(corpusPath(name));
  const { precision, order } = qualityOf(pages, reference);
  const { recall } = qualityOf(pages, withoutRepeatedHeads(reference));
  console.log(name, { recall, precision, order });
  expect(recall).toBeGreaterThanOrEqual(0.97);
  expect(precision).toBeGreaterThanOrEqual(0.95);
  expect(order).toBeGreaterThanOrEqual(name === TABLES ? 0.95 : 0.97);
});

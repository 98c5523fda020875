import { readFile } from 'node:fs/promises';
import { LiteParse } from '@llamaindex/liteparse';

/** Some pages of a PDF, in order. */
export interface PageBatch {
  pages: { number: number; text: string }[];
  /** How many pages have been read with this batch, of how many. */
  done: number;
  total: number;
}
export type PdfReader = (path: string) => AsyncGenerator<PageBatch>;

/** Keeps memory flat, and progress coming, at any number of pages. */
const BATCH_PAGES = 20;

/** The first choice: fast, keeps columns apart, and knows headings and tables, which come as Markdown. */
export async function* readWithLiteparse(path: string): AsyncGenerator<PageBatch> {
  const parser = new LiteParse({
    outputFormat: 'markdown',
    imageMode: 'off',
    extractLinks: false,
    ocrEnabled: false,
    quiet: true,
    // One broken page is no reason to lose the others.
    continueOnPageError: true,
    maxPages: Number.MAX_SAFE_INTEGER,
  });
  for await (const batch of parser.parseBatches(path, { batchSize: BATCH_PAGES })) {
    const pages = batch.result.pages.map((page) => ({ number: page.pageNum, text: page.markdown }));
    yield { pages, done: batch.endPage, total: batch.totalPages };
  }
}

/** The second opinion: slower and without structure, but it reads some files the first cannot. */
export async function* readWithPdfjs(path: string): AsyncGenerator<PageBatch> {
  const { getDocumentProxy } = await import('unpdf');
  const bytes = new Uint8Array(await readFile(path));
  const document = await getDocumentProxy(bytes, { verbosity: 0 });
  const total = document.numPages;
  for (let first = 1; first <= total; first += BATCH_PAGES) {
    const done = Math.min(first + BATCH_PAGES - 1, total);
    const pages: PageBatch['pages'] = [];
    for (let number = first; number <= done; number++) {
      const page = await document.getPage(number);
      const { items } = await page.getTextContent();
      const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
      pages.push({ number, text });
      page.cleanup();
    }
    yield { pages, done, total };
  }
}

import { readFile } from 'node:fs/promises';
import { LiteParse } from '@llamaindex/liteparse';

import { ligatureWords, mayHaveTurnedLigatures, withSpelling } from './pdf-ligatures.ts';
import { pageMarkdown, type TextItem } from './pdf-lines.ts';

/** Some pages of a PDF, in order, as Markdown. */
export interface PageBatch {
  pages: { number: number; text: string }[];
  /** How many pages have been read with this batch, of how many. */
  done: number;
  total: number;
}

/** Keeps memory flat, and progress coming, at any number of pages. */
export const BATCH_PAGES = 20;

/** The first choice: fast, keeps columns apart, and knows headings and tables. */
export async function* readWithLiteparse(path: string): AsyncGenerator<PageBatch> {
  const parser = new LiteParse({
    outputFormat: 'markdown',
    imageMode: 'off',
    extractLinks: false,
    // What looks like them may be the date and the address of a letter.
    keepHeadersFooters: true,
    ocrEnabled: false,
    quiet: true,
    // One broken page is no reason to lose the others.
    continueOnPageError: true,
    maxPages: Number.MAX_SAFE_INTEGER,
  });
  for await (const batch of parser.parseBatches(path, { batchSize: BATCH_PAGES })) {
    const pages = batch.result.pages.map(({ pageNum, markdown }) => ({
      number: pageNum,
      text: withoutEmphasis(markdown),
    }));
    yield { pages, done: batch.endPage, total: batch.totalPages };
  }
}

/** Its marks of emphasis follow lines rather than words, and words that are parted by a line's end are joined. */
function withoutEmphasis(markdown: string): string {
  return markdown
    .split(/^(```[^]*?^```$)/m)
    .map((part) =>
      part.startsWith('```') ? part : part.replace(/\\([*_\\])|\*+/g, (_, literal: string = '') => literal),
    )
    .join('');
}

/** A PDF whose pages are read when they are asked for, by number from 1. */
export interface OpenPdf {
  total: number;
  readPage: (number: number) => Promise<string>;
}

/** In pixels: nothing is drawn. */
const NO_IMAGES = 1;

/** The second opinion: slower, and knows neither columns nor tables, but reads some files that the first cannot. */
export async function openWithPdfjs(path: string): Promise<OpenPdf> {
  const { getDocumentProxy, getResolvedPDFJS } = await import('unpdf');
  const { OPS } = await getResolvedPDFJS();
  const bytes = new Uint8Array(await readFile(path));
  const document = await getDocumentProxy(bytes, { verbosity: 0, maxImageSize: NO_IMAGES });
  const readPage = async (number: number) => {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    const texts = items.filter((item): item is typeof item & TextItem => 'str' in item);
    if (texts.some(({ str }) => mayHaveTurnedLigatures(str))) {
      const { fnArray, argsArray } = await page.getOperatorList();
      const shown = argsArray.flatMap((args, at) => (fnArray[at] === OPS.showText ? [args[0]] : []));
      const spelled = ligatureWords(shown);
      for (const item of texts) item.str = withSpelling(item.str, spelled);
    }
    page.cleanup();
    return pageMarkdown(texts);
  };
  return { total: document.numPages, readPage };
}

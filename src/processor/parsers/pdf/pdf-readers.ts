import { resolve } from 'node:path';
import { LiteParse, type ParsedPage } from '@llamaindex/liteparse';
import type { getDocumentProxy } from 'unpdf';

import { bytesOf, type DocumentFile } from '../document-file.ts';
import { settleWithin } from '../../settle-within.ts';
import { fieldItems, type Box, type PlacedText } from './annotations/pdf-fields.ts';
import { typedTexts, type Annotation } from './annotations/typed-texts.ts';
import { ligatureWords, mayHaveTurnedLigatures, withSpelling, type Shown } from './pdf-ligatures.ts';
import { pageMarkdown, type TextItem } from './pdf-lines.ts';

/** A page of a PDF as Markdown, with its placed pieces of text. */
export interface Page {
  number: number;
  text: string;
  pieces: () => PlacedText[];
  /** Width and height, in points. */
  size: readonly [number, number];
  /** Whether the page draws anything: text, an image, or a line. */
  isDrawn: boolean;
  /** Whether the first reader has read the page, so that it can draw it for OCR. */
  canBeDrawn: boolean;
  /** Whether the page is an image with little text of its own, such as a scan with a stamp. */
  isScan: boolean;
}

/** Some pages of a PDF, in order. */
export interface PageBatch {
  pages: Page[];
  /** Pages read so far, including this batch. */
  done: number;
  total: number;
}

/** Pages in a batch. Small batches keep memory flat and report progress often. */
export const BATCH_PAGES = 20;

/** Least share of a page that a scan covers. */
const MIN_COVER = 0.8;
/** Longest text beside a scan, in characters: a stamp, a running head. More belongs to a page with a background. */
const MAX_STAMP_CHARS = 200;

/** Reads a PDF with the first reader. It is fast and recognizes columns, headings and tables. */
export async function* readWithLiteparse(file: DocumentFile): AsyncGenerator<PageBatch> {
  const parser = new LiteParse({
    outputFormat: 'markdown',
    imageMode: 'off',
    extractLinks: false,
    // The library also takes a letter's date and address for headers.
    keepHeadersFooters: true,
    ocrEnabled: false,
    quiet: true,
    // One broken page must not lose the others.
    continueOnPageError: true,
    maxPages: Number.MAX_SAFE_INTEGER,
    extractContentBounds: true,
  });
  for await (const batch of parser.parseBatches(file, { batchSize: BATCH_PAGES })) {
    const { pages: read, pageErrors } = batch.result;
    const failed = pageErrors.filter(({ pageNum }) => !read.some((page) => page.pageNum === pageNum));
    const pages = [...read.map(pageOf), ...failed.map(({ pageNum }) => failedPage(pageNum))];
    pages.sort((a, b) => a.number - b.number);
    await markScans(file, read, pages);
    yield { pages, done: batch.endPage, total: batch.totalPages };
  }
}

/** Marks pages with little text that an image covers. Only pages whose drawing covers them are looked at again. */
async function markScans(
  file: DocumentFile,
  read: readonly ParsedPage[],
  pages: readonly Page[],
): Promise<void> {
  const suspects = read.filter(({ markdown, contentBounds: drawn, width, height }) => {
    const covers = drawn !== undefined && drawn.width * drawn.height > width * height * MIN_COVER;
    return covers && markdown.length < MAX_STAMP_CHARS;
  });
  const numbers = suspects.map(({ pageNum }) => pageNum);
  if (numbers.length === 0) return;
  const options = { ocrEnabled: false, quiet: true, includeComplexity: true, continueOnPageError: true };
  const again = await new LiteParse({ ...options, targetPages: numbers.join(',') }).parse(file);
  for (const { pageNum, complexity } of again.pages) {
    const page = pages.find(({ number }) => number === pageNum);
    if (page) page.isScan = complexity?.fullPageImage === true;
  }
}

function pageOf({ pageNum, width, height, markdown, textItems, contentBounds: drawn }: ParsedPage): Page {
  const pieces = () =>
    textItems.map(({ text, x, y, width, height, rotation = 0 }): PlacedText => {
      return { text, box: [x, y, x + width, y + height], rotation };
    });
  // Blanks have a place but no size.
  const isDrawn = drawn !== undefined && drawn.width * drawn.height > 0;
  return {
    number: pageNum,
    text: withoutEmphasis(markdown),
    pieces,
    size: [width, height],
    isDrawn,
    canBeDrawn: true,
    isScan: false,
  };
}

function failedPage(number: number): Page {
  return {
    number,
    text: '',
    pieces: () => [],
    size: [0, 0],
    isDrawn: true,
    canBeDrawn: false,
    isScan: false,
  };
}

/** Removes emphasis marks. The library marks lines rather than words and joins words across lines. */
function withoutEmphasis(markdown: string): string {
  return markdown
    .split(/^(```[^]*?^```$)/m)
    .map((part) =>
      part.startsWith('```') ? part : part.replace(/\\([*_\\])|\*+/g, (_, literal: string = '') => literal),
    )
    .join('');
}

type PdfjsDocument = Awaited<ReturnType<typeof getDocumentProxy>>;
type PdfjsPage = Awaited<ReturnType<PdfjsDocument['getPage']>>;

/** A PDF that reads a page on demand. Numbers start from 1. */
export interface OpenPdf {
  total: number;
  readPage: (number: number) => Promise<Page>;
  /** Lists a page's typed texts and filled-in values that its text does not show. */
  readFields: (page: Page) => Promise<string>;
}

/** Limit for a document. Pages can share annotations, so a small file can claim any number. */
const MAX_ANNOTATIONS = 20_000;
/** Limit in pixels. The parser needs no images. */
const NO_IMAGES = 1;
/** Encodings of East Asian fonts, which the page's build has for its own viewer. The first reader reads none that run down. */
const CMAPS = `${resolve(import.meta.dirname, '../../../../client/dist/pdf/cmaps')}/`;
/** Limit in ms for listing what a page draws. A page of a few hundred bytes can draw without end. */
const DRAWING_MS = 2000;

/**
 * Opens a PDF with the second reader. It is slower and ignores columns and tables. It reads some files that the first
 * cannot.
 */
export async function openWithPdfjs(file: DocumentFile): Promise<OpenPdf> {
  const { getDocumentProxy, getResolvedPDFJS } = await import('unpdf');
  const { OPS } = await getResolvedPDFJS();
  const options = { verbosity: 0, maxImageSize: NO_IMAGES, cMapUrl: CMAPS, cMapPacked: true };
  const load = async () => getDocumentProxy(new Uint8Array(await bytesOf(file)), options);
  let document = await load();
  let isTooLong = false;
  const readOperators = async (page: PdfjsPage): Promise<Operators | undefined> => {
    if (isTooLong) return undefined;
    const operators = await settleWithin(DRAWING_MS, page.getOperatorList(), undefined);
    if (operators) return operators;
    // pdf.js stops listing a page only when it destroys the document.
    isTooLong = true;
    await document.loadingTask.destroy();
    document = await load();
    return undefined;
  };
  let fields: Promise<object | null> | undefined;
  let annotationsLeft = MAX_ANNOTATIONS;
  const readPage = async (number: number): Promise<Page> => {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    const texts = items.filter((item): item is typeof item & TextItem & { height: number } => 'str' in item);
    const operators = texts.some(({ str }) => mayHaveTurnedLigatures(str))
      ? await readOperators(page)
      : undefined;
    if (operators) {
      const { fnArray, argsArray } = operators;
      const shown = argsArray.flatMap((args, at) => (fnArray[at] === OPS.showText ? [args[0]] : []));
      const spelled = ligatureWords(shown);
      for (const item of texts) item.str = withSpelling(item.str, spelled);
    }
    const isDrawn =
      texts.some(({ str }) => str.trim() !== '') || isAnythingDrawn(page, await readOperators(page), OPS);
    page.cleanup();
    const { width, height } = page.getViewport({ scale: 1 });
    const pieces = () =>
      texts.map(({ str, transform: [, , , , x = 0, y = 0], width, height }): PlacedText => {
        return { text: str, box: boxOnPage(page, [x, y, x + width, y + height]) };
      });
    return {
      number,
      text: pageMarkdown(texts),
      pieces,
      size: [width, height],
      isDrawn,
      canBeDrawn: false,
      isScan: false,
    };
  };
  const readFields = async ({ number, text, pieces }: Page) => {
    fields ??= document.getFieldObjects();
    if (annotationsLeft <= 0) return '';
    const page = await document.getPage(number);
    const annotations: Annotation[] = await page.getAnnotations();
    page.cleanup();
    annotationsLeft -= annotations.length;
    const isForm = Boolean(await fields);
    const values = isForm ? fieldItems(annotations, (rect) => boxOnPage(page, rect), text, pieces()) : '';
    return [typedTexts(annotations, text), values].filter((part) => part !== '').join('\n\n');
  };
  return { total: document.numPages, readPage, readFields };
}

type Operators = Awaited<ReturnType<PdfjsPage['getOperatorList']>>;

/**
 * Returns whether a page draws anything, and true if unknown. pdf.js draws no image here. Only the operator that
 * places an image shows that there is one.
 */
function isAnythingDrawn(
  { commonObjs }: PdfjsPage,
  operators: Operators | undefined,
  ops: Readonly<Record<string, number>>,
): boolean {
  if (!operators) return true;
  const { fnArray, argsArray } = operators;
  return fnArray.some((operator: number, index) => {
    const [first] = (argsArray[index] ?? []) as [unknown];
    if (operator === ops['constructPath']) return first !== ops['endPath'];
    // Text in a font that cannot be loaded has no letters here. An error text takes the font's place.
    if (operator === ops['setFont'])
      return commonObjs.has(String(first)) && typeof commonObjs.get(String(first)) === 'string';
    if (operator === ops['showText'])
      return (first as Shown).some((glyph) => typeof glyph === 'object' && glyph?.unicode.trim() !== '');
    return operator === ops['transform'];
  });
}

/** Converts a rectangle from page coordinates to the displayed page. */
function boxOnPage(page: PdfjsPage, [left = 0, bottom = 0, right = 0, top = 0]: readonly number[]): Box {
  const viewport = page.getViewport({ scale: 1 });
  const [x, y] = viewport.convertToViewportPoint(left, bottom) as [number, number];
  const [otherX, otherY] = viewport.convertToViewportPoint(right, top) as [number, number];
  return [Math.min(x, otherX), Math.min(y, otherY), Math.max(x, otherX), Math.max(y, otherY)];
}

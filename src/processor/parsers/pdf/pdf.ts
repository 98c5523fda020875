import { readFile } from 'node:fs/promises';

import type { ParseEvent } from '../../../contract/services/processor.ts';
import { ProcessorError } from '../../errors.ts';
import { normalize } from '../normalize.ts';
import { Outline } from '../outline.ts';
import { abandonWhenSilent } from '../abandon-when-silent.ts';
import { rightToLeftShare } from './pdf-lines.ts';
import { LostText } from './pdf-lost-text.ts';
import {
  BATCH_PAGES,
  openWithPdfjs,
  readWithLiteparse,
  type OpenPdf,
  type Page,
  type PageBatch,
} from './pdf-readers.ts';
import { mayHaveWidgets } from './pdf-widgets.ts';
import { PAGE_BREAK, segments, type SegmentEvent } from '../segments.ts';

/**
 * Largest share of right-to-left letters for the first reader. Above it, wrong word order is worse than lost tables.
 */
const MAX_RIGHT_TO_LEFT = 0.1;

/**
 * Reads a PDF. It yields a segment for each page with text, and within a page for each heading. Headings stay in
 * force over pages. `pages_unread` counts drawn pages without text, such as scans. A blank page draws nothing, not
 * even in white.
 * @param maxSilenceMs how long the first reader may be silent before the second takes over
 * @throws {ProcessorError} `encrypted`, `no_text_layer`, or `corrupt`
 */
export async function* parsePdf(path: string, maxSilenceMs: number): AsyncGenerator<ParseEvent> {
  let total = 0;
  let unread = 0;
  const outline = new Outline();
  // Held back because only a segment with a successor ends in a page break.
  let last: SegmentEvent | undefined;
  try {
    for await (const batch of readBatches(path, maxSilenceMs)) {
      for (const segment of batchSegments(batch, outline)) {
        if (last) yield last.page === segment.page ? last : { ...last, text: last.text + PAGE_BREAK };
        last = segment;
      }
      ({ total } = batch);
      unread += batch.pages.filter(({ text, isDrawn }) => isDrawn && !hasText(text)).length;
      yield { type: 'progress', pages_done: batch.done, pages_total: total };
    }
  } catch (error) {
    throw new ProcessorError(isPasswordError(error) ? 'encrypted' : 'corrupt', { cause: error });
  }
  if (total === 0) throw new ProcessorError('corrupt');
  if (!last) throw new ProcessorError('no_text_layer');
  yield last;
  yield { type: 'end', metadata: { pages: total, ...(unread > 0 && { pages_unread: unread }) } };
}

/** Reads pages and appends their filled-in values. */
async function* readBatches(path: string, maxSilenceMs: number): AsyncGenerator<PageBatch> {
  const second = new SecondReader(path);
  // Opening every document with the second reader is too slow.
  const mayBeForm = mayHaveWidgets(await readFile(path));
  for await (const batch of readTexts(path, second, maxSilenceMs)) {
    if (mayBeForm) for (const page of batch.pages) page.text = await second.withFields(page);
    yield batch;
  }
}

/**
 * Reads pages with the first reader. The second reads pages that the first leaves empty or reorders. It also reads
 * the rest if the first fails or is silent for too long.
 * @throws the second reader's error, if the rest depends on it
 */
async function* readTexts(
  path: string,
  second: SecondReader,
  maxSilenceMs: number,
): AsyncGenerator<PageBatch> {
  let done = 0;
  let total = 0;
  try {
    for await (const batch of abandonWhenSilent(readWithLiteparse(path), maxSilenceMs)) {
      const pages: Page[] = [];
      for (const page of batch.pages) pages.push(await second.completed(page));
      yield { ...batch, pages };
      ({ done, total } = batch);
    }
    if (total > 0) return;
  } catch (error) {
    if (isPasswordError(error)) throw error;
  }
  const pdf = await second.open();
  while (done < pdf.total) {
    const first = done + 1;
    done = Math.min(done + BATCH_PAGES, pdf.total);
    const pages: Page[] = [];
    for (let number = first; number <= done; number++) {
      pages.push(await pdf.readPage(number));
    }
    yield { pages, done, total: pdf.total };
  }
}

/** The second reader. It opens the file on first use. */
class SecondReader {
  readonly #path: string;
  readonly #lost = new LostText();
  #pdf: Promise<OpenPdf> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  open(): Promise<OpenPdf> {
    return (this.#pdf ??= openWithPdfjs(this.#path));
  }

  /** Reads a page without loss. It completes the first reader's text or replaces it. */
  async completed(first: Page): Promise<Page> {
    const page = isDoubtful(first.text) ? await this.opinion(first) : first;
    if (page.pieces !== first.pieces) return page;
    const markdown = hasText(page.text) ? page.text : '';
    const reread = () => this.#reread(page.number);
    return { ...page, text: await this.#lost.restore(markdown, page.pieces(), page.size, reread) };
  }

  /** Reads a page's text; empty on failure. */
  async #reread(number: number): Promise<string> {
    try {
      return (await (await this.open()).readPage(number)).text;
    } catch {
      // Turned text with cut words is better than none.
      return '';
    }
  }

  /** Reads a page with the second reader. Returns the first reader's page if that is better or reading fails. */
  async opinion(first: Page): Promise<Page> {
    try {
      const pdf = await this.open();
      const page = await pdf.readPage(first.number);
      if (betterText(first.text, page.text) === page.text) return page;
      return { ...first, isDrawn: first.isDrawn || page.isDrawn };
    } catch {
      // Some pages are beyond any reader, such as an image.
      return first;
    }
  }

  /** Returns a page's text with its filled-in values, or without them if reading them fails. */
  async withFields(page: Page): Promise<string> {
    try {
      const pdf = await this.open();
      const fields = await pdf.readFields(page);
      return [hasText(page.text) ? page.text : '', fields].filter((part) => part !== '').join('\n\n');
    } catch {
      // A broken form must not lose the page.
      return page.text;
    }
  }
}

/**
 * Chooses between two readers' texts. The second wins unless it is blank or has other letters. Only the first reader
 * recovers letters that a font does not declare.
 */
export function betterText(first: string, second: string): string {
  const sameLetters = rightToLeftShare(second) >= rightToLeftShare(first) / 2;
  return hasText(second) && sameLetters ? second : first;
}

function isDoubtful(markdown: string): boolean {
  return !hasText(markdown) || rightToLeftShare(markdown) > MAX_RIGHT_TO_LEFT;
}

function* batchSegments(batch: PageBatch, outline: Outline): Generator<SegmentEvent> {
  for (const { number, text } of batch.pages) {
    if (hasText(text)) yield* segments(normalize(text).trim(), { outline, page: number });
  }
}

/** The first reader writes an empty code block for a page without text. */
function hasText(markdown: string): boolean {
  return /[\p{L}\p{N}]/u.test(markdown.replace(/^```.*$/gm, ''));
}

function isPasswordError(error: unknown): boolean {
  return error instanceof Error && /password/i.test(`${error.name} ${error.message}`);
}

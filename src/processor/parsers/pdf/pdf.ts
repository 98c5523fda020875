import type { ParseEvent } from '../../../contract/services/processor.ts';
import { ProcessorError } from '../../errors.ts';
import { bytesOf, type DocumentFile } from '../document-file.ts';
import { normalize } from '../normalize.ts';
import { Outline } from '../outline.ts';
import { abandonWhenSilent } from '../abandon-when-silent.ts';
import { Recognition } from '../ocr/recognition.ts';
import { hasText, isGarbled, saysTheSame } from './garbled-text.ts';
import { mayHaveHighLetters, withHighLetters } from './high-letters.ts';
import { DocumentWords } from './words/line-ends.ts';
import { withJoinedLetters } from './words/spaced-letters.ts';
import { withoutMixedColumns } from './mixed-columns.ts';
import { lettersOf } from './pdf-letters.ts';
import { columnsFromRight, lacksLetters, rightToLeftShare, runsDown } from './pdf-lines.ts';
import { LostText } from './pdf-lost-text.ts';
import {
  BATCH_PAGES,
  openWithPdfjs,
  readWithLiteparse,
  type OpenPdf,
  type Page,
  type PageBatch,
} from './pdf-readers.ts';
import { withWholeWords } from './words/whole-words.ts';
import { withCorrectedTables } from './tables/corrected-tables.ts';
import { featuresOf } from './annotations/pdf-features.ts';
import { PAGE_BREAK, segments, type SegmentEvent } from '../segments.ts';

/**
 * Largest share of right-to-left letters for the first reader. Above it, wrong word order is worse than lost tables.
 */
const MAX_RIGHT_TO_LEFT = 0.1;

/** Least letters of a scan by OCR, as a multiple of those of its text. On a background image OCR reads no others. */
const MIN_GAIN = 1.5;

/**
 * Reads a PDF. It yields a segment for each page with text, and within a page for each heading. Headings stay in
 * force over pages. OCR reads drawn pages without text, such as scans. `pages_unread` counts those that it has not read.
 * A blank page draws nothing, not even in white.
 * @param maxSilenceMs how long the first reader may be silent before the second takes over
 * @throws {ProcessorError} `encrypted`, `no_text_layer`, or `corrupt`
 */
export async function* parsePdf(
  file: DocumentFile,
  maxSilenceMs: number,
  recognition = new Recognition(new Map()),
): AsyncGenerator<ParseEvent> {
  let total = 0;
  let unread = 0;
  const outline = new Outline();
  // Held back because only a segment with a successor ends in a page break.
  let last: SegmentEvent | undefined;
  try {
    for await (const batch of readBatches(file, maxSilenceMs)) {
      const pages = batch.pages.map((page) => readPage(page, recognition));
      unread += pages.filter(({ isDrawn, text }) => isDrawn && text === '').length;
      for (const segment of pages.flatMap((page) => [...pageSegments(page, outline)])) {
        if (last) yield last.page === segment.page ? last : { ...last, text: last.text + PAGE_BREAK };
        last = segment;
      }
      ({ total } = batch);
      yield { type: 'progress', pages_done: batch.done - recognition.wanted.length, pages_total: total };
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
async function* readBatches(file: DocumentFile, maxSilenceMs: number): AsyncGenerator<PageBatch> {
  const bytes = await bytesOf(file);
  const { mayHaveAnnotations, hasEastAsianFonts } = featuresOf(bytes);
  // Opening every document with the second reader is too slow.
  const second = new SecondReader(file, mayHaveHighLetters(bytes), hasEastAsianFonts);
  for await (const batch of readTexts(file, second, maxSilenceMs)) {
    if (mayHaveAnnotations) for (const page of batch.pages) page.text = await second.withFields(page);
    yield batch;
  }
}

/**
 * Reads pages with the first reader. The second reads pages that the first leaves empty or reorders. It also reads
 * the rest if the first fails or is silent for too long.
 * @throws the second reader's error, if the rest depends on it
 */
async function* readTexts(
  file: DocumentFile,
  second: SecondReader,
  maxSilenceMs: number,
): AsyncGenerator<PageBatch> {
  let done = 0;
  let total = 0;
  try {
    for await (const batch of abandonWhenSilent(readWithLiteparse(file), maxSilenceMs)) {
      const pages: Page[] = [];
      for (const page of batch.pages) {
        const { canBeDrawn, isScan } = page;
        pages.push({ ...(await second.completed(page)), canBeDrawn, isScan });
      }
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
  readonly #file: DocumentFile;
  readonly #hasHighLetters: boolean;
  readonly #hasEastAsianFonts: boolean;
  readonly #lost = new LostText();
  readonly #words = new DocumentWords();
  #pdf: Promise<OpenPdf> | undefined;

  /**
   * @param hasHighLetters whether the first reader leaves out letters above U+FFFF
   * @param hasEastAsianFonts whether it may leave out East Asian letters
   */
  constructor(file: DocumentFile, hasHighLetters: boolean, hasEastAsianFonts: boolean) {
    this.#file = file;
    this.#hasHighLetters = hasHighLetters;
    this.#hasEastAsianFonts = hasEastAsianFonts;
  }

  open(): Promise<OpenPdf> {
    return (this.#pdf ??= openWithPdfjs(this.#file));
  }

  /** Reads a page without loss. It completes the first reader's text or replaces it. */
  async completed(first: Page): Promise<Page> {
    const isPartial = this.#hasEastAsianFonts && lacksLetters(first.text, await this.#reread(first.number));
    const page = isPartial || isDoubtful(first.text) ? await this.opinion(first) : first;
    if (page.pieces !== first.pieces) return page;
    const pieces = page.pieces();
    const lines = pieces.map(({ text }) => text);
    if (runsDown(lines)) {
      const columns = await this.#reread(page.number, (second) => columnsFromRight(second.pieces()));
      return { ...page, text: columns || page.text };
    }
    this.#words.add(lines);
    const tables = withCorrectedTables(page.text, pieces);
    const own = hasText(page.text) ? withoutMixedColumns(tables, pieces) : '';
    const reread = () => this.#reread(page.number);
    const words = await withWholeWords(await withJoinedLetters(own, lines), reread);
    const markdown = await this.#words.restore(words, lines);
    const whole = await this.#lost.restore(markdown, pieces, page.size, reread);
    const isHigh = this.#hasHighLetters && hasText(whole);
    return { ...page, text: isHigh ? withHighLetters(whole, (await reread()).split('\n')) : whole };
  }

  /** Reads a page's text; empty on failure, because mixed or cut words are better than none. */
  async #reread(number: number, textOf = ({ text }: Page) => text): Promise<string> {
    try {
      return textOf(await (await this.open()).readPage(number));
    } catch {
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

/** A page with its text, which may come from OCR. */
interface ReadPage {
  number: number;
  /** Markdown; empty if neither reader nor OCR found any. */
  text: string;
  isOcr: boolean;
  isDrawn: boolean;
}

/**
 * Chooses between a page's own text and that of OCR, which only pages without text, scans and nonsense need. Nonsense
 * that OCR does not read either is left out.
 */
function readPage({ number, text, isDrawn, canBeDrawn, isScan }: Page, recognition: Recognition): ReadPage {
  const own = hasText(text) ? normalize(text).trim() : '';
  const isNonsense = own !== '' && isGarbled(own);
  const needsOcr = canBeDrawn && (own === '' ? isDrawn : isScan || isNonsense);
  const read = needsOcr ? normalize(recognition.textOf(number)).trim() : '';
  // A stamp on a scan is text of its own. OCR reads it, too.
  const isOcr = isNonsense
    ? !saysTheSame(own, read)
    : read !== '' && lettersOf(read).length > lettersOf(own).length * MIN_GAIN;
  return { number, text: isOcr ? read : own, isOcr, isDrawn };
}

function* pageSegments({ number, text, isOcr }: ReadPage, outline: Outline): Generator<SegmentEvent> {
  if (text === '') return;
  for (const segment of segments(text, { outline, page: number }))
    yield { ...segment, ...(isOcr && { ocr: true as const }) };
}

function isPasswordError(error: unknown): boolean {
  return error instanceof Error && /password/i.test(`${error.name} ${error.message}`);
}

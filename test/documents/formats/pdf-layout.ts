import PdfWriter from 'pdfkit';

import { wordsOf, type Block } from '../text/manuscript.ts';

type Pdf = InstanceType<typeof PdfWriter>;

/** Creation date of all documents, because their bytes must not depend on the day. */
export const WRITTEN = new Date('2026-02-03T04:05:06Z');

const MARGIN = 56;
const GAP = 24;
const LEADING = 1.25;
const CELL_PADDING = 3;

export interface PdfOptions {
  /** Returns the number of columns of this page. */
  columns: (page: number) => 1 | 2;
  /** Last page, however much text is left. */
  maxPages?: number;
  /** Text above and below every page's text, with the page's number. */
  runningHead?: string;
  bodySize?: number;
  /** Options of the writer, for example passwords. */
  writer?: PDFKit.PDFDocumentOptions;
}

/** Lays out blocks. @returns the file, and the text of each page in reading order */
export async function layOut(
  blocks: Iterable<Block>,
  options: PdfOptions,
): Promise<{ bytes: Buffer; pages: string[] }> {
  const pdf = newPdf(options.writer);
  const layout = new Layout(pdf, options);
  for (const block of blocks) if (!layout.add(block)) break;
  return { bytes: await finished(pdf), pages: layout.pages.map((said) => said.join('\n')) };
}

export function newPdf(options: PDFKit.PDFDocumentOptions = {}): Pdf {
  return new PdfWriter({
    size: 'A4',
    margin: 0,
    autoFirstPage: false,
    info: { CreationDate: WRITTEN },
    ...options,
  });
}

/** Ends a document. @returns its bytes */
export async function finished(pdf: Pdf): Promise<Buffer> {
  const parts: Buffer[] = [];
  pdf.on('data', (part: Buffer) => parts.push(part));
  const end = new Promise((resolve) => pdf.once('end', resolve));
  pdf.end();
  await end;
  return Buffer.concat(parts);
}

interface Style {
  font: string;
  size: number;
}

/** Fills columns from the top, page after page. */
class Layout {
  /** Text of each page so far. */
  readonly pages: string[][] = [];
  readonly #pdf: Pdf;
  readonly #options: Required<Pick<PdfOptions, 'columns' | 'maxPages' | 'bodySize'>> & PdfOptions;
  readonly #widths = new Map<string, number>();
  #column = 0;
  #y = MARGIN;

  constructor(pdf: Pdf, options: PdfOptions) {
    this.#pdf = pdf;
    this.#options = { maxPages: Infinity, bodySize: 10, ...options };
    this.#newPage();
  }

  /** @returns false if the block has no room; the rest of it is left out */
  add(block: Block): boolean {
    const size = this.#options.bodySize;
    if ('rows' in block) return this.#table(block.rows, { font: 'Helvetica', size: size - 1 });
    const heading = 'heading' in block;
    const style = heading
      ? { font: 'Helvetica-Bold', size: size + 8 - 2 * block.level }
      : { font: 'Helvetica', size };
    const height = style.size * LEADING;
    // Keeps a heading with the first lines below it.
    if (heading && !this.#room(6 * height)) return false;
    const words = wordsOf(block).split(/\s+/);
    while (words.length > 0) {
      if (!this.#room(height)) return false;
      const line = words.splice(0, this.#fitting(words, style));
      this.#draw(line, style, !heading && words.length > 0);
      this.#y += height;
    }
    this.#y += size * (heading ? 0.4 : 0.9);
    return true;
  }

  get #width(): number {
    const columns = this.#options.columns(this.pages.length);
    return (this.#pdf.page.width - 2 * MARGIN - (columns - 1) * GAP) / columns;
  }
  get #x(): number {
    return MARGIN + this.#column * (this.#width + GAP);
  }

  /** Moves to the next column or page if this height has no room. @returns false after the last page */
  #room(height: number): boolean {
    if (this.#y + height <= this.#pdf.page.height - MARGIN) return true;
    if (this.#column + 1 < this.#options.columns(this.pages.length)) this.#column++;
    else if (this.pages.length === this.#options.maxPages) return false;
    else this.#newPage();
    this.#y = MARGIN;
    return true;
  }

  #newPage(): void {
    this.#pdf.addPage();
    this.pages.push([]);
    this.#column = 0;
    const { runningHead } = this.#options;
    if (runningHead === undefined) return;
    this.#pdf.font('Helvetica', 8);
    const { height } = this.#pdf.page;
    this.#pdf.text(runningHead, MARGIN, 30, { lineBreak: false });
    this.#pdf.text(`Page ${this.pages.length}`, MARGIN, height - 36, { lineBreak: false });
  }

  /** @param justified whether the line reaches to the end of its column, as all but the last of a paragraph do */
  #draw(words: readonly string[], style: Style, justified: boolean): void {
    this.pages.at(-1)?.push(words.join(' '));
    const rest = this.#width - this.#widthOf(words, style);
    this.#pdf.font(style.font, style.size).text(words.join(' '), this.#x, this.#y, {
      lineBreak: false,
      ...(justified && { wordSpacing: rest / Math.max(1, words.length - 1) }),
    });
  }

  #table(rows: readonly (readonly string[])[], style: Style): boolean {
    const height = style.size * LEADING + 2 * CELL_PADDING;
    if (!this.#room(rows.length * height)) return false;
    const widest = (column: number) =>
      Math.max(...rows.map((row) => this.#widthOf([row[column] ?? ''], style)));
    const widths = (rows[0] ?? []).map((_, column) => widest(column) + 2 * CELL_PADDING + 2);
    const scale = Math.min(1, this.#width / widths.reduce((sum, width) => sum + width, 0));
    for (const row of rows) {
      this.pages.at(-1)?.push(row.join(' '));
      let x = this.#x;
      for (const [column, cell] of row.entries()) {
        const width = (widths[column] ?? 0) * scale;
        this.#pdf.lineWidth(0.5).rect(x, this.#y, width, height).stroke();
        this.#pdf.font(style.font, style.size * scale);
        this.#pdf.text(cell, x + CELL_PADDING * scale, this.#y + CELL_PADDING, { lineBreak: false });
        x += width;
      }
      this.#y += height;
    }
    this.#y += style.size;
    return true;
  }

  /** Counts the words that fit on the next line, at least one. */
  #fitting(words: readonly string[], style: Style): number {
    let width = -this.#widthOf(['', ''], style);
    const fitting = words.findIndex((word) => (width += this.#widthOf(['', word], style)) > this.#width);
    return fitting === -1 ? words.length : Math.max(1, fitting);
  }

  /** Measures words with a space between each. */
  #widthOf(words: readonly string[], { font, size }: Style): number {
    const width = (word: string) => {
      const key = `${font}/${word}`;
      let known = this.#widths.get(key);
      if (known === undefined) {
        known = this.#pdf.font(font, 1).widthOfString(word);
        this.#widths.set(key, known);
      }
      return known * size;
    };
    return words.reduce((sum, word) => sum + width(word), (words.length - 1) * width(' '));
  }
}

import type { PDFDocumentProxy } from 'pdfjs-dist';

import { findPassage, type ItemRange } from './find-passage.ts';

/** Name of the highlight in the style sheet. */
const NAME = 'passage';

/** Marks of one page. */
interface Marked {
  first: Range | undefined;
  remove: () => void;
}

/**
 * Marks a passage in the text of its page, and the end of it on the next one. A highlight of CSS changes no element, so the
 * text stays as pdf.js laid it.
 */
export class PassageMarks {
  readonly #pdf: PDFDocumentProxy;
  readonly #page: number;
  readonly #text: string;
  readonly #highlight = new Highlight();

  /** @param page on which the passage begins, from 1 */
  constructor(pdf: PDFDocumentProxy, page: number, text: string) {
    this.#pdf = pdf;
    this.#page = page;
    this.#text = text;
    CSS.highlights.set(NAME, this.#highlight);
  }

  /** Removes all marks. */
  close(): void {
    if (CSS.highlights.get(NAME) === this.#highlight) CSS.highlights.delete(NAME);
  }

  /** Marks the passage on a page. @param elements of the text layer, one for each of `items` */
  async mark(page: number, elements: readonly HTMLElement[], items: readonly string[]): Promise<Marked> {
    const ranges = (await this.#find(page, items)).flatMap(({ item, start, end }) => {
      const node = elements[item]?.firstChild;
      if (!(node instanceof window.Text) || end > node.length) return [];
      const range = document.createRange();
      range.setStart(node, start);
      range.setEnd(node, end);
      return [range];
    });
    for (const range of ranges) this.#highlight.add(range);
    return {
      first: ranges[0],
      remove: () => {
        for (const range of ranges) this.#highlight.delete(range);
      },
    };
  }

  async #find(page: number, items: readonly string[]): Promise<ItemRange[]> {
    if (page === this.#page) return findPassage(items, this.#text).ranges;
    if (page !== this.#page + 1) return [];
    const before = await (await this.#pdf.getPage(this.#page)).getTextContent();
    const texts = before.items.flatMap((item) => ('str' in item ? [item.str] : []));
    const { rest } = findPassage(texts, this.#text);
    return findPassage(items, rest).ranges;
  }
}

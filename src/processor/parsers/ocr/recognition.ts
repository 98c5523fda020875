/**
 * Text that OCR has read from a document's pages. The first parse of a document has none, and collects the pages that
 * need it. The processor runs OCR page by page, and parses the document again with the texts.
 */
export class Recognition {
  readonly #texts: ReadonlyMap<number, string> | undefined;
  readonly #wanted: number[] = [];

  /** @param texts Markdown by page; undefined before OCR, empty if there is none */
  constructor(texts: ReadonlyMap<number, string> | undefined) {
    this.#texts = texts;
  }

  /** Pages that wait for OCR, in order. */
  get wanted(): readonly number[] {
    return this.#wanted;
  }

  /** Returns what OCR has read on a page; empty without a text. */
  textOf(page: number): string {
    if (!this.#texts) this.#wanted.push(page);
    return this.#texts?.get(page) ?? '';
  }
}

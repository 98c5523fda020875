/** Names a page for OCR: its number, after the place of the attachment that has it, such as `17` or `2.1/17`. */
export type PageName = string;

/**
 * Text that OCR has read from a document's pages. The first parse of a document has none, and collects the pages that
 * need it. The processor runs OCR page by page, and parses the document again with the texts.
 */
export class Recognition {
  readonly #texts: ReadonlyMap<PageName, string> | undefined;
  readonly #wanted: PageName[] = [];
  readonly #around: Recognition | undefined;
  readonly #place: string;

  /** @param texts Markdown by page; undefined before OCR, empty if there is none */
  constructor(texts: ReadonlyMap<PageName, string> | undefined, around?: Recognition, place = '') {
    this.#texts = texts;
    this.#around = around;
    this.#place = place;
  }

  /** Pages that wait for OCR, in order, those of attachments too. */
  get wanted(): readonly PageName[] {
    return this.#wanted;
  }

  /** Returns the recognition of an attachment. Each parse MUST give it the same place. */
  within(place: string): Recognition {
    return new Recognition(this.#texts, this, `${this.#place}${place}/`);
  }

  /** Returns what OCR has read on a page; empty without a text. */
  textOf(page: number): string {
    const name = `${this.#place}${page}`;
    if (!this.#texts) this.#want(name);
    return this.#texts?.get(name) ?? '';
  }

  #want(name: PageName): void {
    this.#wanted.push(name);
    if (this.#around) this.#around.#want(name);
  }
}

/** Returns the place of the attachment that has a page, '' for the document itself, and the page's number. */
export function parsePageName(name: PageName): { place: string; page: number } {
  const end = name.lastIndexOf('/');
  return { place: name.slice(0, Math.max(0, end)), page: Number(name.slice(end + 1)) };
}

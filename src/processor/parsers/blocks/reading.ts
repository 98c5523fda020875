import { Budget } from '../markup/budget.ts';

/** Most elements of markup. */
const MAX_ELEMENTS = 2_000_000;
/** Most bytes of the files that readers want, unpacked. They stay in memory until the document is read. */
const MAX_UNPACKED_BYTES = 128 * 1024 * 1024;
/** Most cells of a workbook with words. */
const MAX_CELLS = 400_000;
const TOO_MANY_CELLS = 'The workbook has too many cells to read. Upload it in smaller parts.';

/** What the caller of a reader sets. */
export interface Limits {
  /** Most characters of the text. */
  maxTextChars: number;
  /** Whether to read what the document hides. */
  includeHidden: boolean;
}

/** Bounds the reading of one document, and counts the hidden parts that readers leave out. */
export class Reading {
  readonly maxTextChars: number;
  /** Elements that are left, over all parts. */
  readonly elements = new Budget(MAX_ELEMENTS);
  /** Bytes that are left to unpack, over all archives. */
  readonly unpacking = new Budget(MAX_UNPACKED_BYTES);
  /** Cells that are left, over all sheets. */
  readonly cells = new Budget(MAX_CELLS, TOO_MANY_CELLS);
  readonly #includesHidden: boolean;
  #hiddenLeftOut = 0;

  constructor(maxTextChars: number, includesHidden = false) {
    this.maxTextChars = maxTextChars;
    this.#includesHidden = includesHidden;
  }

  /** Returns whether to read a part that its document hides: words, rows, columns, a sheet or a slide. Counts it if not. */
  takesHidden(): boolean {
    if (!this.#includesHidden) this.#hiddenLeftOut++;
    return this.#includesHidden;
  }

  /** Hidden parts that the reader left out. */
  get hiddenLeftOut(): number {
    return this.#hiddenLeftOut;
  }
}

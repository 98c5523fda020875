import { UnpackingBudget } from '../markup/archive.ts';
import { ElementBudget } from '../markup/read-xml.ts';

/** Bounds the reading of one document, and counts the hidden parts that readers leave out. */
export class Reading {
  readonly maxTextChars: number;
  /** Elements that are left, over all parts. */
  readonly elements = new ElementBudget();
  /** Bytes that are left to unpack, over all archives. */
  readonly unpacking = new UnpackingBudget();
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

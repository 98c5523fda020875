import { ProcessorError } from '../../errors.ts';

/** What to do about a file whose unpacked parts are too large. */
export const TOO_LARGE = 'The unpacked file is too large to read. Upload it in smaller parts.';

/** Bounds what a document may take of something, over all its parts. */
export class Budget {
  #left: number;
  readonly #detail: string;

  constructor(most: number, detail = TOO_LARGE) {
    this.#left = most;
    this.#detail = detail;
  }

  /** @throws {ProcessorError} `text_too_long` when it is used up */
  spend(amount = 1): void {
    this.#left -= amount;
    if (this.#left < 0) throw new ProcessorError('text_too_long', { detail: this.#detail });
  }
}

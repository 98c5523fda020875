/**
 * Makes growing random pauses (full jitter). Many clients that lost the same server then do not return at the same
 * moment.
 */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #random: () => number;
  #failures = 0;

  /** @param firstMs bound of the first pause; each further bound is twice as long, up to `longestMs` */
  constructor(firstMs: number, longestMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#random = random;
  }

  /** Number of failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure. @returns the pause in ms */
  next(): number {
    const bound = Math.min(this.#longestMs, this.#firstMs * 2 ** this.#failures++);
    return this.#random() * bound;
  }

  reset(): void {
    this.#failures = 0;
  }
}

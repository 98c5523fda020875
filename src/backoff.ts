/** Computes exponential pauses between failed tries: each twice as long as the last, up to a limit. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(minMs: number, maxMs: number) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#nextMs = minMs;
  }

  /** Returns the next pause in ms. */
  next(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(pauseMs * 2, this.#maxMs);
    return pauseMs;
  }

  /** Returns to the shortest pause, after a success. */
  reset(): void {
    this.#nextMs = this.#minMs;
  }
}

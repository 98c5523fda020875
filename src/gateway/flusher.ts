/** Something that has something to send. */
export interface Flushable {
  /** @param now by `performance.now()` */
  flush(now: number): void;
}

/** So long after a flush began nothing else is flushed: meanwhile states replace each other, or share a frame. */
const INTERVAL_MS = 10;
/** After so long the rest waits for the next turn: the process has other things to do, too. */
const LONGEST_TURN_MS = 20;
/** After so many it looks at the clock. */
const CLOCK_EVERY = 16;

/** Flushes all that is due in one turn, so that clients that watch the same share a frame; on an idle node at once. */
export class Flusher {
  readonly #due = new Set<Flushable>();
  #scheduled = false;
  #notBefore = 0;

  /** Has `flush` called soon, once. */
  add(flushable: Flushable): void {
    this.#due.add(flushable);
    if (!this.#scheduled) this.#schedule(this.#notBefore - performance.now());
  }

  #schedule(wait: number): void {
    this.#scheduled = true;
    if (wait < 1) setImmediate(() => this.#flush());
    else setTimeout(() => this.#flush(), wait);
  }

  #flush(): void {
    const startedAt = performance.now();
    this.#notBefore = startedAt + INTERVAL_MS;
    this.#scheduled = true;
    let now = startedAt;
    let count = 0;
    for (const flushable of this.#due) {
      if (now - startedAt > LONGEST_TURN_MS) return this.#schedule(0);
      this.#due.delete(flushable);
      flushable.flush(now);
      if (++count % CLOCK_EVERY === 0) now = performance.now();
    }
    this.#scheduled = false;
  }
}

/** Something that has something to send. */
export interface Flushable {
  /** @param now by `performance.now()` */
  flush(now: number): void;
}

/** At most so long after a flush began nothing else is flushed: meanwhile states replace each other, or share a frame. */
const LONGEST_INTERVAL_MS = 10;
const SHORTEST_INTERVAL_MS = 1;
/** After so long the rest waits for the next turn: the process has other things to do, too. */
const LONGEST_TURN_MS = 20;
/** After so many it looks at the clock. */
const CLOCK_EVERY = 16;

/**
 * Flushes all that is due in one turn, so that clients that watch the same share a frame. That is at once, unless
 * waiting has been worth it of late: when most of what was asked for was due already, the interval grows.
 */
export class Flusher {
  readonly #due = new Set<Flushable>();
  #scheduled = false;
  #notBefore = 0;
  #intervalMs = 0;
  /** How often something was asked for, since the last flush. */
  #asked = 0;

  /** Has `flush` called soon, once. */
  add(flushable: Flushable): void {
    this.#asked++;
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
    const worthWaiting = this.#asked >= 2 * this.#due.size;
    this.#intervalMs = worthWaiting ? longer(this.#intervalMs) : shorter(this.#intervalMs);
    this.#asked = 0;
    this.#notBefore = startedAt + this.#intervalMs;
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

function longer(ms: number): number {
  return Math.min(LONGEST_INTERVAL_MS, Math.max(SHORTEST_INTERVAL_MS, ms * 2));
}

function shorter(ms: number): number {
  return ms / 2 < SHORTEST_INTERVAL_MS ? 0 : ms / 2;
}

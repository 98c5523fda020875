/** Something that has something to send. */
export interface Flushable {
  flush(): void;
}

/** At most so long after a flush began nothing else goes: meanwhile states replace each other, or share a frame. */
const LONGEST_INTERVAL_MS = 10;
const SHORTEST_INTERVAL_MS = 1;
/** After so long the rest waits for the next turn: the process has other things to do, too. */
const LONGEST_TURN_MS = 20;
/** After so many it looks at the clock. */
const CLOCK_EVERY = 16;
/** So many frames go at once in a turn; the others go by the clock. */
const MOST_AT_ONCE = 1000;

/**
 * Decides when frames go, so that a client is sent one a turn, and those that watch the same share it. That is at once,
 * unless waiting has been worth it of late: when most of what was asked for came after a frame of the same turn, the
 * interval grows.
 */
export class Flusher {
  readonly #due = new Set<Flushable>();
  #scheduled = false;
  #notBefore = 0;
  #intervalMs = 0;
  #turn = 1;
  #atOnce = 0;
  /** How often something was asked for since the last flush, and how often of those waiting spares a frame. */
  #asked = 0;
  #spared = 0;

  /** Names the present turn, from 1. */
  get turn(): number {
    return this.#turn;
  }

  /**
   * Asks whether somebody who has nothing else to send may send a frame now. One that may counts as sent.
   * @param sentIn the turn in which they did so last
   * @returns false when they are to be added instead
   */
  mayGo(sentIn: number): boolean {
    if (sentIn === this.#turn) {
      this.#spared++;
      return false;
    }
    if (this.#intervalMs > 0 || this.#due.size > 0 || this.#atOnce === MOST_AT_ONCE) return false;
    this.#asked++;
    this.#atOnce++;
    if (!this.#scheduled) this.#schedule(0);
    return true;
  }

  /** Has `flush` called soon, once. */
  add(flushable: Flushable): void {
    this.#asked++;
    const before = this.#due.size;
    if (this.#due.add(flushable).size === before) this.#spared++;
    if (!this.#scheduled) this.#schedule(this.#notBefore - performance.now());
  }

  #schedule(wait: number): void {
    this.#scheduled = true;
    if (wait < 1) setImmediate(() => this.#flush());
    else setTimeout(() => this.#flush(), wait);
  }

  #flush(): void {
    const startedAt = performance.now();
    if (this.#asked > 0) {
      const worthWaiting = 2 * this.#spared >= this.#asked;
      this.#intervalMs = worthWaiting ? longer(this.#intervalMs) : shorter(this.#intervalMs);
    }
    this.#asked = this.#spared = this.#atOnce = 0;
    this.#turn++;
    this.#notBefore = startedAt + this.#intervalMs;
    this.#scheduled = true;
    let count = 0;
    for (const flushable of this.#due) {
      if (++count % CLOCK_EVERY === 0 && performance.now() - startedAt > LONGEST_TURN_MS)
        return this.#schedule(0);
      this.#due.delete(flushable);
      flushable.flush();
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

import type { Logger } from '../../logging/logger.ts';

/** Watches a value. It MUST NOT throw, and MUST NOT block. */
export type ValueWatcher<T> = (value: T) => void;

/**
 * Reads a value at an interval, once for all its watchers of this node, and tells them of changes. Without a watcher it
 * reads nothing.
 */
export class Ticker<T> {
  readonly #read: () => Promise<T>;
  readonly #everyMs: number;
  readonly #logger: Logger;
  /** Each watcher with the last value that it was told, as JSON. */
  readonly #told = new Map<ValueWatcher<T>, string>();
  #timer: NodeJS.Timeout | undefined;
  #reading = false;

  constructor(read: () => Promise<T>, everyMs: number, logger: Logger) {
    this.#read = read;
    this.#everyMs = everyMs;
    this.#logger = logger;
  }

  get isWatched(): boolean {
    return this.#told.size > 0;
  }

  /** Adds a watcher, and tells it the present value soon. */
  watch(watcher: ValueWatcher<T>): void {
    this.#told.set(watcher, '');
    if (this.#timer) return;
    this.#timer = setInterval(() => void this.#tick(), this.#everyMs);
    void this.#tick();
  }

  unwatch(watcher: ValueWatcher<T>): void {
    this.#told.delete(watcher);
    if (this.isWatched) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #tick(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const value = await this.#read();
      const json = JSON.stringify(value ?? null);
      for (const [watcher, told] of this.#told) {
        if (told === json) continue;
        this.#told.set(watcher, json);
        watcher(value);
      }
    } catch (error) {
      // The next tick tries again.
      this.#logger.warn('cannot read the counters of a channel, retrying', { error });
    } finally {
      this.#reading = false;
    }
  }
}

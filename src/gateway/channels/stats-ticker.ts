import type { Stats } from '../../contract/jobs.ts';
import type { Logger } from '../../logging/logger.ts';

/** Shortest time between two reads, in ms. */
const TICK_MS = 1000;

/** Watches the statistics. It MUST NOT throw, and MUST NOT block. */
export type StatsWatcher = (stats: Stats) => void;

/**
 * Reads the statistics of the queue once a second for all watchers of this node, and tells them of changes. Without a
 * watcher it reads nothing.
 */
export class StatsTicker {
  readonly #read: () => Promise<Stats>;
  readonly #logger: Logger;
  /** Each watcher with the last statistics that it was told, as JSON. */
  readonly #watchers = new Map<StatsWatcher, string>();
  #timer: NodeJS.Timeout | undefined;
  #reading = false;

  constructor(read: () => Promise<Stats>, logger: Logger) {
    this.#read = read;
    this.#logger = logger;
  }

  /** Adds a watcher, and tells it the present statistics soon. */
  watch(watcher: StatsWatcher): void {
    this.#watchers.set(watcher, '');
    if (this.#timer) return;
    this.#timer = setInterval(() => void this.#tick(), TICK_MS);
    void this.#tick();
  }

  unwatch(watcher: StatsWatcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #tick(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const stats = await this.#read();
      const json = JSON.stringify(stats);
      for (const [watcher, told] of this.#watchers) {
        if (told === json) continue;
        this.#watchers.set(watcher, json);
        watcher(stats);
      }
    } catch (error) {
      // The next tick tries again.
      this.#logger.warn('cannot read the statistics, retrying', { error });
    } finally {
      this.#reading = false;
    }
  }
}

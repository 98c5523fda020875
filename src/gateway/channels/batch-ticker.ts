import type { BatchView } from '../../contract/batches/batch.ts';
import type { Logger } from '../../logging/logger.ts';

/** Shortest time between two reads of a batch, in ms. */
const TICK_MS = 500;

/** Watches a batch; `undefined` while there is no such batch. It MUST NOT throw, and MUST NOT block. */
export type BatchWatcher = (view: BatchView | undefined) => void;

/** The watchers of a batch, each with the last view that it was told, as JSON. */
interface Watched {
  readonly tenant: string;
  readonly batch: string;
  readonly told: Map<BatchWatcher, string>;
}

/**
 * Reads each watched batch twice a second, once for all its watchers of this node, and tells them of changes. Without a
 * watcher it reads nothing.
 */
export class BatchTicker {
  readonly #read: (tenant: string, batch: string) => Promise<BatchView | undefined>;
  readonly #logger: Logger;
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;
  readonly #reading = new Set<Watched>();

  constructor(read: (tenant: string, batch: string) => Promise<BatchView | undefined>, logger: Logger) {
    this.#read = read;
    this.#logger = logger;
  }

  /** Adds a watcher of a tenant's batch, and tells it the present view soon. */
  watch(tenant: string, batch: string, watcher: BatchWatcher): void {
    const key = JSON.stringify([tenant, batch]);
    const watched = this.#watched.get(key) ?? { tenant, batch, told: new Map() };
    this.#watched.set(key, watched);
    watched.told.set(watcher, '');
    this.#timer ??= setInterval(() => {
      for (const each of this.#watched.values()) void this.#tick(each);
    }, TICK_MS);
    if (watched.told.size === 1) void this.#tick(watched);
  }

  unwatch(tenant: string, batch: string, watcher: BatchWatcher): void {
    const key = JSON.stringify([tenant, batch]);
    const watched = this.#watched.get(key);
    watched?.told.delete(watcher);
    if (watched?.told.size === 0) this.#watched.delete(key);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #tick(watched: Watched): Promise<void> {
    if (this.#reading.has(watched)) return;
    this.#reading.add(watched);
    try {
      const view = await this.#read(watched.tenant, watched.batch);
      const json = JSON.stringify(view ?? null);
      for (const [watcher, told] of watched.told) {
        if (told === json) continue;
        watched.told.set(watcher, json);
        watcher(view);
      }
    } catch (error) {
      // The next tick tries again.
      this.#logger.warn('cannot read a batch, retrying', { error });
    } finally {
      this.#reading.delete(watched);
    }
  }
}

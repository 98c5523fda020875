import type { BatchView } from '../../contract/batches/batch.ts';
import type { Stats } from '../../contract/jobs.ts';
import type { Logger } from '../../logging/logger.ts';
import { Ticker, type ValueWatcher } from './ticker.ts';

/** Shortest time between two reads of the statistics, and of a batch, in ms. */
const STATS_MS = 1000;
const BATCH_MS = 500;

/** Reads of the channels that poll for all their watchers. */
export interface ChannelReads {
  readStats: () => Promise<Stats>;
  readBatch: (tenant: string, batch: string) => Promise<BatchView | undefined>;
}

/** Watches a batch; `undefined` while there is no such batch. */
export type BatchWatcher = ValueWatcher<BatchView | undefined>;

/** The watched batches, with a ticker each. */
export class BatchTickers {
  readonly #read: ChannelReads['readBatch'];
  readonly #logger: Logger;
  readonly #tickers = new Map<string, Ticker<BatchView | undefined>>();

  constructor(read: ChannelReads['readBatch'], logger: Logger) {
    this.#read = read;
    this.#logger = logger;
  }

  /** Adds a watcher of a tenant's batch, and tells it the present view soon. */
  watch(tenant: string, batch: string, watcher: BatchWatcher): void {
    const key = JSON.stringify([tenant, batch]);
    const ticker =
      this.#tickers.get(key) ?? new Ticker(() => this.#read(tenant, batch), BATCH_MS, this.#logger);
    this.#tickers.set(key, ticker);
    ticker.watch(watcher);
  }

  unwatch(tenant: string, batch: string, watcher: BatchWatcher): void {
    const key = JSON.stringify([tenant, batch]);
    const ticker = this.#tickers.get(key);
    ticker?.unwatch(watcher);
    if (ticker && !ticker.isWatched) this.#tickers.delete(key);
  }
}

/** Creates what all sessions of a node share to watch these channels. */
export function createTickers({ readStats, readBatch }: ChannelReads, logger: Logger) {
  return {
    stats: new Ticker(readStats, STATS_MS, logger),
    batches: new BatchTickers(readBatch, logger),
  };
}

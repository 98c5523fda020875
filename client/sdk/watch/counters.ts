import type { BatchView } from '../../../src/contract/batches/batch.ts';
import type { Stats } from '../../../src/contract/jobs.ts';
import type { BatchWatch, BatchWatchOptions, StatsWatch, StatsWatchOptions } from '../api.ts';
import { SluiceError } from '../sluice-error.ts';
import type { Channel, ChannelFields, Cursor, Poll } from './channel.ts';
import type { Hub } from './hub.ts';
import { callBack, Stream } from './stream.ts';

/** Follows something that comes whole each time. A slow reader gets the latest. */
abstract class Counters<T extends object> implements Channel, AsyncIterable<T> {
  readonly fields: ChannelFields;
  cursor: Cursor | undefined;
  protected latest: T | undefined;
  readonly #hub: Hub;
  readonly #path: string;
  readonly #stream: Stream<T>;

  constructor(hub: Hub, fields: ChannelFields, path: string) {
    this.#hub = hub;
    this.fields = fields;
    this.#path = path;
    this.#stream = new Stream<T>({ key: () => '', isKept: () => false }, () =>
      this.latest ? [this.latest] : [],
    );
    hub.open(this);
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.#stream[Symbol.asyncIterator]();
  }

  poll(): Poll {
    return {
      path: this.#path,
      take: (body) => {
        this.take(body as T);
        return undefined;
      },
      refuse: (code, detail) => this.onRefused(code, detail),
    };
  }

  stop(): void {
    this.end(new SluiceError('closed', 'The watch was stopped.'));
  }

  onState(): void {}
  onSubscribed(): void {}
  onSnapshot(): void {}
  onGone(): void {}
  onLookedUp(): void {}
  onBatch(_batch: BatchView): void {}
  onStats(_stats: Stats): void {}

  onRefused(code: string, detail: string): void {
    this.end(new SluiceError(code, detail, { detail }));
  }

  protected take(value: T): void {
    this.latest = value;
    this.#stream.push(value);
  }

  protected end(error?: SluiceError): void {
    this.#hub.close(this);
    this.#stream.end(error && error.code !== 'closed' ? { error } : {});
  }
}

/** Follows the counters of a batch until every job has ended. */
export class BatchFollower extends Counters<BatchView> implements BatchWatch {
  readonly done: Promise<BatchView>;
  readonly #options: BatchWatchOptions;
  readonly #settle: { resolve(batch: BatchView): void; reject(error: SluiceError): void };

  constructor(hub: Hub, name: string, options: BatchWatchOptions = {}) {
    super(hub, { channel: 'batch', batch: name }, `api/batches/${encodeURIComponent(name)}`);
    this.#options = options;
    const { promise, resolve, reject } = Promise.withResolvers<BatchView>();
    this.done = promise;
    this.#settle = { resolve, reject };
    promise.catch(() => {});
  }

  get batch(): BatchView | undefined {
    return this.latest;
  }

  override onBatch(batch: BatchView): void {
    this.take(batch);
  }

  protected override take(batch: BatchView): void {
    super.take(batch);
    callBack(this.#options.onBatch, batch);
    const { total, counts } = batch;
    const open = counts.queued + counts.processing + counts.retrying;
    if (open > 0 || total === 0 || total < (this.#options.total ?? 0)) return;
    this.#settle.resolve(batch);
    this.end();
  }

  protected override end(error?: SluiceError): void {
    super.end(error);
    if (error) this.#settle.reject(error);
  }
}

/** Follows the statistics of the queue. */
export class StatsFollower extends Counters<Stats> implements StatsWatch {
  readonly #options: StatsWatchOptions;

  constructor(hub: Hub, options: StatsWatchOptions = {}) {
    super(hub, { channel: 'stats' }, 'api/stats');
    this.#options = options;
  }

  get stats(): Stats | undefined {
    return this.latest;
  }

  override onStats(stats: Stats): void {
    this.take(stats);
  }

  protected override take(stats: Stats): void {
    super.take(stats);
    callBack(this.#options.onStats, stats);
  }
}

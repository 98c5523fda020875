import type { JobFeed } from './job-feed.ts';
import type { JobWatcher } from './job-watchers.ts';
import type { JobStore } from '../reads/job-store.ts';
import { isNewer, type JobState } from '../model/job-view.ts';

/** Interval of the documented client's polls, in ms. */
const INTERVAL_MS = 2000;
/** Number of reads within an interval from which on callers share one. With fewer, reads from Redis cost less. */
const MANY = 4;
/** Age in ms above which a proof of the feed no longer counts. */
const PROVEN_MS = 1500;

/** State of a polled job until the interval ends. */
interface Interval {
  readonly id: string;
  readonly endsAt: number;
  reads: number;
  /** The shared state. The reader reads it once, and the feed then updates it. */
  shared: Promise<JobState | undefined> | undefined;
  watcher: JobWatcher | undefined;
}

/**
 * Reads single jobs for polling clients. It asks Redis for a job only a few times an interval. The responses in between
 * are as fresh as a push.
 */
export class JobReader {
  readonly #store: JobStore;
  readonly #feed: JobFeed;
  readonly #intervals = new Map<string, Interval>();
  readonly #sweep: NodeJS.Timeout;

  constructor(store: JobStore, feed: JobFeed) {
    this.#store = store;
    this.#feed = feed;
    this.#sweep = setInterval(() => this.#endOld(), INTERVAL_MS);
    feed.observe({ onStale: () => this.#endAll(), onLive: () => {} });
  }

  /** Reads a tenant's job. @returns `undefined` for an unknown id, and for a job of another tenant */
  async read(tenant: string, id: string): Promise<JobState | undefined> {
    const interval = this.#interval(tenant, id);
    interval.reads++;
    if (!this.#feed.live || this.#feed.link.proofAgeMs > PROVEN_MS) return this.#store.read(tenant, id);
    if (interval.shared) return interval.shared;
    if (interval.reads < MANY) return this.#store.read(tenant, id);
    return (interval.shared = this.#share(tenant, interval));
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#endAll();
  }

  #interval(tenant: string, id: string): Interval {
    const now = performance.now();
    // Tenants never share a state.
    const key = `${tenant} ${id}`;
    const known = this.#intervals.get(key);
    if (known && now < known.endsAt) return known;
    if (known) this.#unwatch(known);
    const interval = { id, endsAt: now + INTERVAL_MS, reads: 0, shared: undefined, watcher: undefined };
    this.#intervals.set(key, interval);
    return interval;
  }

  /** Watches, then reads, so that no change falls between the two. */
  async #share(tenant: string, interval: Interval): Promise<JobState | undefined> {
    const { id } = interval;
    let heard: JobState | undefined;
    let isRead = false;
    interval.watcher = {
      tenant,
      onState(state) {
        if (!isNewer(state, heard)) return;
        heard = state;
        if (isRead) interval.shared = Promise.resolve(state);
      },
      onForgotten() {
        interval.shared = Promise.resolve(undefined);
      },
    };
    this.#feed.watch(id, interval.watcher);
    try {
      const read = await this.#store.read(tenant, id);
      isRead = true;
      const newest = read && heard && !isNewer(heard, read) ? read : (heard ?? read);
      heard = newest;
      return newest;
    } catch (error) {
      this.#end(`${tenant} ${id}`, interval);
      throw error;
    }
  }

  #end(key: string, interval: Interval): void {
    this.#unwatch(interval);
    if (this.#intervals.get(key) === interval) this.#intervals.delete(key);
  }

  #unwatch({ id, watcher }: Interval): void {
    if (watcher) this.#feed.unwatch(id, watcher);
  }

  #endOld(): void {
    const now = performance.now();
    for (const [key, interval] of this.#intervals) if (now >= interval.endsAt) this.#end(key, interval);
  }

  #endAll(): void {
    for (const [key, interval] of this.#intervals) this.#end(key, interval);
  }
}

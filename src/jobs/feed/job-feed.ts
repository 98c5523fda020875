import type { Redis } from 'ioredis';

import type { Logger } from '../../logging/logger.ts';
import type { Keys } from '../../redis/keys.ts';
import { FeedLink } from './feed-link.ts';
import { LiveReads } from './live-reads.ts';
import { jobIdOf, toHash, type JobEvents } from '../model/job-event.ts';
import type { JobStore } from '../reads/job-store.ts';
import { JobWatchers, type JobWatcher } from './job-watchers.ts';
import { Resync } from './resync.ts';
import { JobState } from '../model/job-view.ts';

/** Interval in ms of the comparison with Redis. It finds changes without an event, such as writes by hand. */
const COMPARE_MS = 30_000;
/** Observes whether the feed is live. Its methods MUST NOT throw, and MUST NOT block. */
export interface FeedObserver {
  /** The feed may miss states from now on. */
  onStale(): void;
  /** States flow again; each watched job's follows at once. Versions are those of `epoch`. */
  onLive(epoch: string): void;
}

/**
 * Passes changes of jobs to all watchers of this process, over one subscription. It parses and serializes a state once,
 * and only for a watched job.
 *
 * The feed is live while its link is proven. After a doubt, and in a new epoch, it reads all watched jobs again before it
 * is live. It holds back the states that arrive meanwhile, so no watcher gets a mix of two epochs.
 */
export class JobFeed {
  readonly #store: JobStore;
  readonly #logger: Logger;
  readonly #link: FeedLink;
  readonly #watchers: JobWatchers;
  readonly #observers = new Set<FeedObserver>();
  readonly #comparison: NodeJS.Timeout;
  /** Reads jobs for watchers. */
  readonly reads: LiveReads;
  #epoch = '';
  #live = false;
  #offset = 0;
  /** True from a gap until the feed has read the jobs whose events it missed. */
  #missed = false;
  /** Present while the feed reads all watched jobs again. */
  #resync: Resync | undefined;
  #closed = false;
  /** Numbers of events, watched or not, and of reads of all watched jobs. */
  readonly counts = { events: 0, rereads: 0 };

  /**
   * @param connect opens a retrying connection of the feed's own; the feed closes it
   * @param commands the connection of `store`. It sends the canaries
   */
  constructor(
    connect: () => Redis,
    commands: Redis,
    { store, keys, logger }: { store: JobStore; keys: Keys; logger: Logger },
  ) {
    this.#store = store;
    this.#logger = logger;
    this.#watchers = new JobWatchers(logger);
    const listener = {
      onEvents: (jobId: string, events: JobEvents) => this.#receive(jobId, events),
      onUp: (epoch: string) => this.#recover(epoch),
      onDown: () => this.#turnStale(),
      onGap: () => {
        this.#missed = true;
        this.#compare();
      },
    };
    this.#link = new FeedLink(connect, commands, store.epochs, { keys, logger, listener });
    this.reads = new LiveReads(this, store, logger);
    this.#comparison = setInterval(() => this.#compare(), COMPARE_MS);
  }

  /** True while the link proves that every change arrives. */
  get live(): boolean {
    return this.#live;
  }

  /** The epoch that versions belong to; empty before the feed is first live. */
  get epoch(): string {
    return this.#epoch;
  }

  /** Offset up to which the watchers have been told everything; 0 before the feed is first live, and in a new epoch. */
  get offset(): number {
    return this.#offset;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Resolves once every event published until now has arrived, or the feed is stale. */
  async caughtUp(): Promise<void> {
    await this.#link.caughtUp();
  }

  /** Number of watches. */
  get watches(): number {
    return this.#watchers.size;
  }

  get link(): Pick<FeedLink, 'misses' | 'proofAgeMs'> {
    return this.#link;
  }

  /**
   * Watches one job from now on. The caller must {@link read} its present state afterwards.
   * @returns the id. All watchers and states share this one string, so that comparing it is fast
   */
  watch(jobId: string, watcher: JobWatcher): string {
    return this.#watchers.add(jobId, watcher);
  }

  /** Ends a watch. Ignores an ended one. */
  unwatch(jobId: string, watcher: JobWatcher): void {
    this.#watchers.remove(jobId, watcher);
  }

  /**
   * Watches every job.
   * @param known the ids that the watcher holds to be active. The feed reads them again, too, because they may have left
   * `jobs:active` unheard
   */
  watchAll(watcher: JobWatcher, known: () => Iterable<string>): void {
    this.#watchers.addForAll(watcher, known);
  }

  unwatchAll(watcher: JobWatcher): void {
    this.#watchers.removeForAll(watcher);
  }

  observe(observer: FeedObserver): void {
    this.#observers.add(observer);
  }

  unobserve(observer: FeedObserver): void {
    this.#observers.delete(observer);
  }

  close(): void {
    this.#closed = true;
    this.#resync?.cancel();
    clearInterval(this.#comparison);
    this.#link.close();
  }

  #receive(firstId: string, { epoch, offset, publishedAt, jobs }: JobEvents): void {
    this.counts.events += jobs.length;
    const isComplete = this.#live && !this.#missed;
    for (const [i, values] of jobs.entries()) {
      if (isComplete) this.#offset = offset + i;
      const named = i === 0 ? firstId : jobIdOf(values);
      const id = named === undefined ? undefined : this.#watchers.idOf(named);
      if (id === undefined) continue;
      const hash = toHash(values);
      hash['id'] = id;
      const state = new JobState(hash, epoch, publishedAt);
      state.offset = this.#offset;
      this.#resync?.add(state);
      if (this.#live) this.#watchers.tell(state);
    }
  }

  #turnStale(): void {
    this.#resync?.cancel();
    this.#resync = undefined;
    if (!this.#live) return;
    this.#live = false;
    for (const observer of this.#observers) observer.onStale();
  }

  /** Reads all watched jobs, and turns live. */
  #recover(epoch: string): void {
    this.#turnStale();
    void this.#readAgain(epoch, () => {
      if (epoch !== this.#epoch) this.#offset = 0;
      this.#epoch = epoch;
      this.#live = true;
      for (const observer of this.#observers) observer.onLive(epoch);
    });
  }

  /** Reads all watched jobs, and passes new states to the watchers. */
  #compare(): void {
    // The read under way may have missed the change, so another one follows.
    if (this.#resync) this.#resync.again = true;
    else if (this.#live) void this.#readAgain(this.#epoch, () => {});
  }

  /** @param ready called once the feed has read all jobs, before it tells the watchers */
  async #readAgain(epoch: string, ready: () => void): Promise<void> {
    const services = { store: this.#store, link: this.#link, watchers: this.#watchers, logger: this.#logger };
    const resync = new Resync(services, epoch);
    this.#resync = resync;
    this.counts.rereads++;
    const read = await resync.read();
    if (!read) return;
    const held = !this.#live;
    ready();
    this.#resync = undefined;
    resync.tell(read, held, this.#offset);
    if (resync.again) return this.#compare();
    this.#missed = false;
    this.#offset = this.#link.offset;
  }
}

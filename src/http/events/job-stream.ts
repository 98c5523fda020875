import type { FeedObserver, JobFeed } from '../../jobs/feed/job-feed.ts';
import type { JobWatcher } from '../../jobs/feed/job-watchers.ts';
import type { StreamPosition } from '../../jobs/model/job-event.ts';
import { isNewer, type JobState } from '../../jobs/model/job-view.ts';
import { Condition } from '../condition.ts';
import { ActivePages } from './active-pages.ts';
import { JOBS, gone, live, snapshots, STALE, toEvent, unknown, updates } from './stream-messages.ts';

/** Every active job, and no ended one. */
const ALL_ACTIVE = { collection: undefined, status: undefined, recent: 0 };

/** Jobs that a stream follows. */
export interface Followed {
  ids: readonly string[];
  /** Whether it also follows every active job. */
  active: boolean;
  /** Position of a client that comes back; `undefined` for a new one. */
  since: StreamPosition | undefined;
}

/**
 * Follows many jobs for one event stream. It watches, then reads, then sends, so no change falls between. A slow client
 * gets the latest states and each end of a run. What waits for it is bounded by the number of jobs.
 */
export class JobStream implements JobWatcher, FeedObserver {
  readonly tenant: string;
  readonly #feed: JobFeed;
  readonly #ids: ReadonlySet<string>;
  readonly #active: boolean;
  readonly #since: StreamPosition | undefined;
  /** The client has everything up to it, once it has the messages that wait. 0 before it has all first states. */
  #offset = 0;
  /** Active jobs that the client knows. */
  readonly #members = new Set<string>();
  /** Newest version of each job. */
  readonly #newest = new Map<string, { epoch: string; version: number }>();
  /** Followed jobs that the client knows to be unknown. The feed reports them at each comparison. */
  readonly #unknown = new Set<string>();
  /** Epoch of the messages. */
  #epoch: string;
  /** Events that go before the waiting states. */
  readonly #first: string[] = [];
  /** First states of the active jobs. They go before the waiting states, too. */
  #pages: ActivePages | undefined;
  /** Ends of runs that newer states of the same jobs follow. */
  #ends: JobState[] = [];
  readonly #waiting = new Map<string, JobState>();
  readonly #gone = new Set<string>();
  /** States that arrive while the stream joins; `undefined` afterwards. */
  #heard: Map<string, JobState> | undefined = new Map();
  readonly #news = new Condition();

  constructor(feed: JobFeed, tenant: string, { ids, active, since }: Followed) {
    this.#feed = feed;
    this.tenant = tenant;
    this.#ids = new Set(ids);
    this.#active = active;
    this.#since = since;
    this.#epoch = feed.epoch;
    for (const id of this.#ids) feed.watch(id, this);
    if (active) feed.watchAll(this, () => this.#members);
    feed.observe(this);
    if (!feed.live) this.#say(STALE);
    void this.#join();
  }

  get ended(): boolean {
    return this.#news.ended;
  }

  onState(state: JobState): void {
    if (this.#heard) {
      if (isNewer(state, this.#heard.get(state.id))) this.#heard.set(state.id, state);
      return;
    }
    this.#take(state);
    this.#news.notify();
  }

  onForgotten(id: string): void {
    if (this.#heard) return void this.#heard.delete(id);
    // A worker may restore it with an earlier version.
    this.#newest.delete(id);
    if (this.#members.delete(id)) this.#gone.add(id);
    this.#lacks([id]);
    this.#news.notify();
  }

  onStale(): void {
    this.#say(STALE);
    this.#news.notify();
  }

  onLive(epoch: string): void {
    // The feed tells the states of all jobs in the new epoch.
    if (epoch !== this.#epoch && this.#pages) this.#say(this.#pages.close());
    if (epoch !== this.#epoch) this.#pages = undefined;
    // States of the past epoch come before the new one.
    if (!this.#pages) this.#say(...this.#takeWaiting());
    if (epoch !== this.#epoch) this.#offset = 0;
    this.#epoch = epoch;
    this.#say(live(epoch, this.#offset));
    if (this.#heard) void this.#join();
    this.#news.notify();
  }

  /** Waits for the next event. @returns `undefined` after `waitMs`, or at the end */
  next(waitMs: number): Promise<string | undefined> {
    return this.#news.until(() => (this.ended ? undefined : (this.#nextNow() ?? this.#nextPage())), waitMs);
  }

  end(): void {
    for (const id of this.#ids) this.#feed.unwatch(id, this);
    if (this.#active) this.#feed.unwatchAll(this);
    this.#feed.unobserve(this);
    this.#news.end();
  }

  /** Reads the present states, and sends them as snapshots. While the feed is stale, it waits for it to be live. */
  async #join(): Promise<void> {
    const ids = [...this.#ids];
    const { epoch, offset, reads } = this.#feed;
    const read = await reads.byIds(this.tenant, ids, this.#since);
    const active =
      this.#active && read ? await reads.channel(this.tenant, ALL_ACTIVE, this.#since) : undefined;
    if (!read || (this.#active && !active) || this.ended || !this.#heard) return;
    // The offset is one of the epoch before.
    if (epoch !== this.#feed.epoch) return this.#join();
    const heard = new Set([...this.#heard.values()].filter((state) => state.epoch === epoch));
    this.#heard = undefined;
    const newest = new Map<string, JobState>();
    for (const state of [...read.states, ...(active ? active.states : []), ...heard])
      if (isNewer(state, newest.get(state.id))) newest.set(state.id, state);
    const isNews = (changed: ReadonlySet<string> | undefined) => (state: JobState) =>
      !changed || changed.has(state.id) || heard.has(state);
    const named = ids.flatMap((id) => newest.get(id) ?? []).filter(isNews(read.changed));
    for (const state of newest.values()) this.#know(state);
    const others = active ? [...newest.values()].filter(isNews(active.changed)) : [];
    // A client that comes back learns which of its jobs have ended, and that they have left.
    const shown = active?.changed ? others : others.filter(({ terminal }) => !terminal);
    for (const { id, terminal } of shown) if (terminal) this.#gone.add(id);
    const isResumed = read.changed && (!active || active.changed);
    const before = isResumed && this.#since ? this.#since.offset : 0;
    // The states were read after this offset, so they hold everything up to it. A leave is told last, and moves it then.
    const after = this.#gone.size > 0 ? before : offset;
    const first = { before, after: active ? before : after, resumed: read.changed !== undefined };
    if (ids.length > 0) this.#say(...snapshots(JOBS, named, first));
    this.#lacks(ids.filter((id) => !newest.has(id)));
    if (active)
      this.#pages = new ActivePages(shown, { before, after, resumed: active.changed !== undefined });
    this.#offset = active ? before : after;
    this.#news.notify();
  }

  /** Says once that Redis does not know some jobs, until they are there again. */
  #lacks(ids: readonly string[]): void {
    const news = ids.filter((id) => this.#ids.has(id) && !this.#unknown.has(id));
    for (const id of news) this.#unknown.add(id);
    if (news.length > 0) this.#say(unknown(news));
  }

  #know({ id, epoch, version, terminal }: JobState): void {
    if (this.#active && !terminal) this.#members.add(id);
    // Only the versions of followed jobs are needed again.
    if (!terminal || this.#ids.has(id)) this.#newest.set(id, { epoch, version });
  }

  #say(...messages: string[]): void {
    this.#first.push(...messages.map((message) => toEvent(message, this.#epoch)));
  }

  #take(state: JobState): void {
    const { id, epoch, version, terminal } = state;
    const isMember = this.#members.has(id);
    if (!this.#ids.has(id) && terminal && !isMember) return;
    if (!isNewer(state, this.#newest.get(id))) return;
    this.#unknown.delete(id);
    this.#newest.set(id, { epoch, version });
    const before = this.#waiting.get(id);
    if (before?.terminal) this.#ends.push(before);
    this.#waiting.set(id, state);
    if (!this.#active) return;
    if (!terminal) {
      this.#members.add(id);
      this.#gone.delete(id);
    } else if (this.#members.delete(id)) {
      this.#gone.add(id);
    }
    // Only the versions of followed jobs are needed again.
    if (terminal && !this.#ids.has(id)) this.#newest.delete(id);
  }

  /** Reads the next page of the active jobs. A job that has changed since comes as an update instead. */
  async #nextPage(): Promise<string | undefined> {
    const pages = this.#pages;
    if (!pages) return undefined;
    const read = await this.#feed.reads.byIds(this.tenant, pages.ids, undefined);
    if (this.ended) return undefined;
    // The feed is stale, or another epoch has begun. The message about that already waits.
    if (!read || this.#pages !== pages) return this.#nextNow();
    const unchanged = new Map<string, JobState>();
    for (const state of read.states) {
      if (isNewer(state, this.#newest.get(state.id))) this.#take(state);
      if (!this.#waiting.has(state.id)) unchanged.set(state.id, state);
    }
    const { message, more } = pages.take(unchanged);
    if (!more) {
      this.#pages = undefined;
      this.#offset = pages.facts.after;
    }
    return toEvent(message, this.#epoch);
  }

  #nextNow(): string | undefined {
    if (this.#pages) return this.#first.shift();
    if (this.#first.length === 0) this.#say(...this.#takeWaiting());
    const first = this.#first.shift();
    if (first !== undefined || this.#gone.size === 0) return first;
    const ids = [...this.#gone];
    this.#gone.clear();
    this.#offset = Math.max(this.#offset, this.#feed.offset);
    return toEvent(gone(ids, this.#offset), this.#epoch);
  }

  #takeWaiting(): string[] {
    const states = [...this.#ends, ...this.#waiting.values()];
    this.#ends = [];
    this.#waiting.clear();
    const before = this.#offset;
    // A client that loses this stream before it hears of the leaves comes back with the offset before them.
    if (this.#gone.size === 0 && this.#first.length === 0) this.#offset = Math.max(before, this.#feed.offset);
    return updates(states, before, this.#offset);
  }
}

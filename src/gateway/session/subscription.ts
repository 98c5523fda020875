import type { Subscribe } from '../../contract/messages.ts';
import type { JobFeed } from '../../jobs/feed/job-feed.ts';
import type { JobWatcher } from '../../jobs/feed/job-watchers.ts';
import type { StreamPosition } from '../../jobs/model/job-event.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import { SmallMap } from '../speed/small-map.ts';
import { Joining, type Joined } from './joining.ts';
import type { Watched } from './rights.ts';
import type { Outbox } from '../outbox/outbox.ts';

/** Number of jobs that a channel counts as, because it holds an id of each job that it has announced. */
export const CHANNEL_WEIGHT = 1000;

/**
 * One client's interest in some jobs. It joins in three steps: watch, read, send. It keeps the states that arrive during
 * the read and merges them by version, so no state is lost between the snapshot and the first update. It does not repeat
 * states that the client has.
 */
export interface Subscription {
  /**
   * Reads and sends the snapshot. Updates flow afterwards.
   * @returns the ids without a job, which stay watched; `undefined` if the feed is stale, and the caller must retry
   */
  join(): Promise<string[] | undefined>;
  covers(jobId: string): boolean;
  /** Lists the jobs that it covers now. */
  jobs(): Iterable<string>;
  /** Target, as the client named it. */
  readonly watched: Watched;
  /** Number of jobs that it counts as. */
  readonly weight: number;
  end(): void;
}

interface Services {
  feed: JobFeed;
  outbox: Outbox;
}

/** Called for a job that Redis lost before its watcher was told of its end. */
export interface LossListener {
  onLost(subscription: number, jobId: string): void;
}

/** Creates the subscription that a message asks for. */
export function createSubscription(
  message: Subscribe,
  tenant: string,
  services: Services,
  listener: LossListener,
): Subscription {
  const { id, since } = message;
  return message.channel === 'jobs'
    ? new JobsSubscription(tenant, id, message.jobs, since, services, listener)
    : new ActiveSubscription(tenant, id, since, services);
}

/** Watches jobs by their ids. */
export class JobsSubscription implements Subscription, JobWatcher {
  readonly tenant: string;
  readonly #id: number;
  readonly #feed: JobFeed;
  readonly #outbox: Outbox;
  readonly #listener: LossListener;
  /** For each job, whether it runs as far as the client knows. */
  readonly #jobs = new SmallMap<string, boolean>();
  #joining: Joining | undefined;

  constructor(
    tenant: string,
    id: number,
    jobIds: readonly string[],
    since: StreamPosition | undefined,
    { feed, outbox }: Services,
    listener: LossListener,
  ) {
    this.tenant = tenant;
    this.#id = id;
    this.#feed = feed;
    this.#outbox = outbox;
    this.#listener = listener;
    for (const jobId of jobIds) this.#jobs.set(feed.watch(jobId, this), false);
    this.#joining = new Joining(since);
  }

  async join(): Promise<string[] | undefined> {
    const joining = this.#joining as Joining;
    const ids = [...this.#jobs.keys()];
    const read = await this.#feed.reads.byIds(this.tenant, ids, joining.since);
    if (!read) return undefined;
    const joined = joining.merge(read, this.#feed.epoch);
    const { states } = joined;
    this.#joining = undefined;
    for (const { id, terminal } of states.values()) this.#jobs.set(id, !terminal);
    sendNews(this.#outbox, this.#id, joined);
    return ids.filter((jobId) => !states.has(jobId));
  }

  onState(state: JobState): void {
    if (this.#joining) return this.#joining.add(state);
    this.#jobs.set(state.id, !state.terminal);
    this.#outbox.update(state);
  }

  onForgotten(jobId: string): void {
    if (this.#joining) return this.#joining.forget(jobId);
    if (!this.#jobs.get(jobId)) return;
    this.#jobs.set(jobId, false);
    this.#listener.onLost(this.#id, jobId);
  }

  covers(jobId: string): boolean {
    return this.#jobs.has(jobId);
  }

  jobs(): Iterable<string> {
    return this.#jobs.keys();
  }

  get watched(): Watched {
    return { channel: 'jobs', jobs: [...this.#jobs.keys()] };
  }

  get weight(): number {
    return this.#jobs.size;
  }

  end(): void {
    for (const jobId of this.#jobs.keys()) this.#feed.unwatch(jobId, this);
  }
}

/**
 * Watches every job while it is active. A job enters with a state that is not terminal, and leaves with a terminal one. A
 * client that comes back gets the ends that it missed, too, and then hears that these jobs have left.
 */
export class ActiveSubscription implements Subscription, JobWatcher {
  readonly tenant: string;
  readonly #id: number;
  readonly #services: Services;
  readonly #members = new Set<string>();
  readonly watched = { channel: 'active' } as const;
  readonly weight = CHANNEL_WEIGHT;
  #joining: Joining | undefined;

  constructor(tenant: string, id: number, since: StreamPosition | undefined, services: Services) {
    this.tenant = tenant;
    this.#id = id;
    this.#services = services;
    this.#joining = new Joining(since);
    services.feed.watchAll(this, () => this.#members);
  }

  async join(): Promise<string[] | undefined> {
    const { feed, outbox } = this.#services;
    const joining = this.#joining as Joining;
    const read = await feed.reads.active(this.tenant, joining.since);
    if (!read) return undefined;
    const joined = joining.merge(read, feed.epoch);
    this.#joining = undefined;
    for (const state of joined.states.values()) {
      if (!state.terminal) this.#members.add(state.id);
      else if (!joined.resumed) joined.states.delete(state.id);
      // A client that loses this session before it hears of the leave comes back with the same position.
      else outbox.gone(this.#id, state.id, joining.since?.offset);
    }
    sendNews(outbox, this.#id, joined);
    return [];
  }

  onState(state: JobState): void {
    const { outbox } = this.#services;
    if (this.#joining) {
      this.#joining.add(state);
    } else if (!state.terminal) {
      this.#members.add(state.id);
      outbox.notGone(this.#id, state.id);
      outbox.update(state);
    } else if (this.#members.delete(state.id)) {
      outbox.gone(this.#id, state.id, state.offset - 1);
      outbox.update(state);
    }
  }

  onForgotten(jobId: string): void {
    if (this.#joining) this.#joining.forget(jobId);
    else if (this.#members.delete(jobId)) this.#services.outbox.gone(this.#id, jobId);
  }

  covers(jobId: string): boolean {
    return this.#members.has(jobId);
  }

  jobs(): Iterable<string> {
    return this.#members;
  }

  end(): void {
    this.#services.feed.unwatchAll(this);
  }
}

/** Sends a snapshot of the states that the client may lack. Notes the others, so that none is sent again. */
function sendNews(outbox: Outbox, id: number, { states, resumed, isNews }: Joined): void {
  const news: JobState[] = [];
  for (const state of states.values()) {
    if (isNews(state.id)) news.push(state);
    else outbox.has(state.id, state.version);
  }
  outbox.snapshot(id, news, resumed);
}

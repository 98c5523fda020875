import type { Subscribe } from '../../contract/messages.ts';
import type { JobFeed } from '../../jobs/feed/job-feed.ts';
import type { JobWatcher } from '../../jobs/feed/job-watchers.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import { SmallMap } from '../speed/small-map.ts';
import { Joining, type Had } from './joining.ts';
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
  const { id, versions, epoch = '' } = message;
  const had = versions && { epoch, versions: new Map(Object.entries(versions)) };
  return message.channel === 'jobs'
    ? new JobsSubscription(tenant, id, message.jobs, had, services, listener)
    : new ActiveSubscription(tenant, id, had, services);
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
    had: Had | undefined,
    { feed, outbox }: Services,
    listener: LossListener,
  ) {
    this.tenant = tenant;
    this.#id = id;
    this.#feed = feed;
    this.#outbox = outbox;
    this.#listener = listener;
    for (const jobId of jobIds) this.#jobs.set(feed.watch(jobId, this), false);
    // Keeps only the named jobs, because it may wait for as long as the feed is stale.
    const named = had && [...had.versions].filter(([jobId]) => this.#jobs.has(jobId));
    this.#joining = new Joining(had && { epoch: had.epoch, versions: new Map(named) });
  }

  async join(): Promise<string[] | undefined> {
    const joining = this.#joining as Joining;
    const ids = [...this.#jobs.keys()];
    const read = await this.#feed.read(this.tenant, ids);
    if (!read) return undefined;
    const states = joining.merge(read, this.#feed.epoch);
    this.#joining = undefined;
    for (const { id, terminal } of states.values()) this.#jobs.set(id, !terminal);
    this.#outbox.snapshot(this.#id, joining.news(states.values(), this.#feed.epoch, this.#outbox));
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
 * Watches every job while it is active. A job enters with a state that is not terminal, and leaves with a terminal one.
 * The jobs that the client has are members from the start, so it learns which of them left meanwhile.
 */
export class ActiveSubscription implements Subscription, JobWatcher {
  readonly tenant: string;
  readonly #id: number;
  readonly #services: Services;
  readonly #members: Set<string>;
  readonly watched = { channel: 'active' } as const;
  readonly weight = CHANNEL_WEIGHT;
  #joining: Joining | undefined;

  constructor(tenant: string, id: number, had: Had | undefined, services: Services) {
    this.tenant = tenant;
    this.#id = id;
    this.#services = services;
    this.#members = new Set(had?.versions.keys());
    this.#joining = new Joining(had);
    services.feed.watchAll(this, () => this.#members);
  }

  async join(): Promise<string[] | undefined> {
    const { feed, outbox } = this.#services;
    const joining = this.#joining as Joining;
    const read = await feed.readActive(this.tenant, this.#members);
    if (!read) return undefined;
    const states = joining.merge(read, feed.epoch);
    this.#joining = undefined;
    const active = [...states.values()].filter(({ terminal }) => !terminal);
    const left = [...this.#members].flatMap((jobId) => {
      const state = states.get(jobId);
      return state?.terminal ? [state] : [];
    });
    const unknown = [...this.#members].filter((jobId) => !states.has(jobId));
    for (const state of active) this.#members.add(state.id);
    outbox.snapshot(this.#id, joining.news([...left, ...active], feed.epoch, outbox));
    for (const jobId of [...left.map((state) => state.id), ...unknown]) this.#leave(jobId);
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
    } else if (this.#members.has(state.id)) {
      outbox.update(state);
      this.#leave(state.id);
    }
  }

  onForgotten(jobId: string): void {
    if (this.#joining) this.#joining.forget(jobId);
    else this.#leave(jobId);
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

  #leave(jobId: string): void {
    if (this.#members.delete(jobId)) this.#services.outbox.gone(this.#id, jobId);
  }
}

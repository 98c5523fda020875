import { isShown, type ShownFilter } from '../../jobs/model/job-filter.ts';
import type { JobWatcher } from '../../jobs/feed/job-watchers.ts';
import type { StreamPosition } from '../../jobs/model/job-event.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import type { Watched } from '../session/rights.ts';
import { Joining, type Joined } from './joining.ts';
import { CHANNEL_WEIGHT, sendNews, type ChannelServices, type Subscription } from './subscription.ts';

/** Jobs that a channel takes in: the active ones that match, and the latest ended ones that match. */
export interface ChannelFilter extends ShownFilter {
  /** Number of ended jobs. */
  recent: number;
}

/**
 * Watches the jobs that match a filter. A job enters with a state that matches, and leaves with one that does not. An ended
 * job stays while it is among the latest. A client that comes back gets the last state of the jobs that left meanwhile, and
 * then hears that they have left.
 */
export class ChannelSubscription implements Subscription, JobWatcher {
  readonly tenant: string;
  readonly watched: Watched;
  readonly weight = CHANNEL_WEIGHT;
  readonly #id: number;
  readonly #filter: ChannelFilter;
  readonly #services: ChannelServices;
  /** Active jobs that match. */
  readonly #active = new Set<string>();
  /** Latest ended jobs that match, the oldest first. */
  readonly #ended = new Set<string>();
  #joining: Joining | undefined;

  constructor(
    tenant: string,
    id: number,
    {
      watched,
      filter,
      since,
    }: { watched: Watched; filter: ChannelFilter; since: StreamPosition | undefined },
    services: ChannelServices,
  ) {
    this.tenant = tenant;
    this.watched = watched;
    this.#id = id;
    this.#filter = filter;
    this.#services = services;
    this.#joining = new Joining(since);
    services.feed.watchAll(this, () => this.jobs());
  }

  async join(): Promise<string[] | undefined> {
    const { feed, outbox } = this.#services;
    const joining = this.#joining as Joining;
    const read = await feed.reads.channel(this.tenant, this.#filter, joining.since);
    if (!read) return undefined;
    const joined = joining.merge(read, feed.epoch);
    this.#joining = undefined;
    this.#enterAll(joined, read.ended);
    this.#leaveAll(joined, joining.since?.offset);
    sendNews(outbox, this.#id, joined);
    return [];
  }

  onState(state: JobState): void {
    const { outbox } = this.#services;
    if (this.#joining) return this.#joining.add(state);
    const { id } = state;
    const known = this.covers(id);
    // A comparison reads jobs that ended long ago, too.
    const enters = !state.terminal || known || state.publishedAt !== undefined;
    if (enters && this.#enter(state)) {
      outbox.notGone(this.#id, id);
      this.#trim(state.offset - 1);
      outbox.update(state);
    } else if (known) {
      this.#forget(id);
      outbox.gone(this.#id, id, state.offset - 1);
      outbox.update(state);
    }
  }

  onForgotten(jobId: string): void {
    if (this.#joining) return this.#joining.forget(jobId);
    if (!this.covers(jobId)) return;
    this.#forget(jobId);
    this.#services.outbox.gone(this.#id, jobId);
  }

  covers(jobId: string): boolean {
    return this.#active.has(jobId) || this.#ended.has(jobId);
  }

  *jobs(): Iterable<string> {
    yield* this.#active;
    yield* this.#ended;
  }

  end(): void {
    this.#services.feed.unwatchAll(this);
  }

  /** Takes a job in, if it matches. */
  #enter(state: JobState): boolean {
    const { id, terminal } = state;
    if (!isShown(state, this.#filter) || (terminal && this.#filter.recent === 0)) return false;
    if (!terminal) {
      this.#ended.delete(id);
      this.#active.add(id);
    } else {
      this.#active.delete(id);
      this.#ended.add(id);
    }
    return true;
  }

  #forget(jobId: string): void {
    this.#active.delete(jobId);
    this.#ended.delete(jobId);
  }

  /** Lets the oldest ended jobs leave. @param offset offset before the end that made them leave */
  #trim(offset?: number): void {
    for (const id of this.#ended) {
      if (this.#ended.size <= this.#filter.recent) return;
      this.#ended.delete(id);
      this.#services.outbox.gone(this.#id, id, offset);
    }
  }

  /** @param ended ids of ended jobs as they were read, the oldest first */
  #enterAll({ states }: Joined, ended: readonly string[]): void {
    const wasRead = new Set(ended);
    for (const id of ended) {
      const state = states.get(id);
      if (state?.terminal) this.#enter(state);
    }
    // An ended job that was not read has ended since, or has another place in the active set than its status says.
    for (const state of states.values())
      if (!state.terminal || (state.publishedAt !== undefined && !wasRead.has(state.id))) this.#enter(state);
  }

  /** Drops the jobs from the states that the channel does not show. A client that comes back hears of the leaves. */
  #leaveAll({ states, resumed, isNews }: Joined, offset: number | undefined): void {
    const { outbox } = this.#services;
    const surplus = [...this.#ended].slice(0, Math.max(0, this.#ended.size - this.#filter.recent));
    for (const id of surplus) this.#ended.delete(id);
    const { collection } = this.#filter;
    for (const { id, collection: own } of states.values()) {
      if (this.covers(id)) continue;
      const left = resumed && (collection === undefined || own === collection);
      const isKnown = left && (isNews(id) || surplus.includes(id));
      // A client that loses this session before it hears of the leave comes back with the same position.
      if (isKnown) outbox.gone(this.#id, id, offset);
      if (!isKnown || !isNews(id)) states.delete(id);
    }
  }
}

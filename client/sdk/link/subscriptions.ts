import type { Job } from '../../../src/contract/job.ts';
import type { Stats } from '../../../src/contract/jobs.ts';
import type { BatchView } from '../../../src/contract/batches/batch.ts';
import type { Channel, Cursor } from '../watch/channel.ts';
import type { Hub } from '../watch/hub.ts';
import { needsMerge, regroup, type JobGroup, type NewGroup } from './job-groups.ts';

/** A message that a server sends about subscriptions. */
export type Push =
  | { type: 'snapshot'; id: number; offset: number; jobs: Job[]; more: boolean; resumed: boolean }
  | { type: 'update'; offset: number; jobs: Job[] }
  | { type: 'gone'; id: number; offset: number; jobs: string[] }
  | { type: 'batch'; id: number; offset: number; batch: BatchView }
  | { type: 'stats'; id: number; stats: Stats }
  | { type: 'error'; id?: number; code: string; detail: string; jobs?: string[] };

/** Codes of errors that another subscription would get, too. After others, the SDK polls. */
const REFUSALS = ['forbidden', 'invalid_message'];

/**
 * Matches the WebSocket's subscriptions to the watches. It outlives each connection, so that the next one resumes.
 */
export class Subscriptions {
  readonly #hub: Hub;
  #send: ((message: object) => void) | undefined;
  /** Features of the server, from `welcome`. */
  #features: readonly string[] = [];
  #lastId = 0;
  #groups = new Map<number, JobGroup>();
  #channels = new Map<number, Channel>();
  /** Channels whose snapshot was complete, so that updates move their cursor. */
  readonly #complete = new Set<Channel>();
  readonly #refused = new Set<Channel>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** Subscribes to everything over a new connection. @param features that the server has */
  attach(send: (message: object) => void, features: readonly string[]): void {
    this.#send = send;
    this.#features = features;
    this.#lastId = 0;
    this.#channels = new Map();
    this.#refused.clear();
    this.#complete.clear();
    const before = [...this.#groups.values()];
    this.#groups = new Map();
    this.#subscribe(regroup(this.#hub.jobIds(), before, this.#hub.epochs.current));
    this.sync();
  }

  detach(): void {
    this.#send = undefined;
  }

  /** Returns whether the connection brings a job's states. */
  covers(id: string): boolean {
    if (!this.#send) return false;
    for (const { ids, refused } of this.#groups.values()) if (!refused && ids.has(id)) return true;
    return false;
  }

  coversChannel(channel: Channel): boolean {
    return this.#send !== undefined && !this.#refused.has(channel);
  }

  /** Subscribes to the watched jobs and channels, and ends other subscriptions. */
  sync(): void {
    if (!this.#send) return;
    const wanted = this.#hub.jobIds();
    for (const [id, { ids }] of this.#groups) {
      if (![...ids].some((jobId) => this.#hub.watches(jobId))) this.#unsubscribe(id);
    }
    const known = new Set<string>();
    for (const { ids } of this.#groups.values()) for (const id of ids) known.add(id);
    const groups = [...this.#groups.values()];
    if (needsMerge(groups, wanted.length)) {
      const before = [...this.#groups.keys()];
      this.#subscribe(regroup(wanted, groups, this.#hub.epochs.current));
      for (const id of before) this.#unsubscribe(id);
    } else {
      const fresh = wanted.filter((id) => !known.has(id));
      this.#subscribe(regroup(fresh, [], ''));
    }
    this.#syncChannels();
  }

  /**
   * Takes a message.
   * @param epoch of its states. Those of a past one are out of date
   */
  receive(message: Push, epoch: string): void {
    if (!this.#hub.epochs.enter(epoch)) return;
    const id = 'id' in message ? message.id : undefined;
    const group = id === undefined ? undefined : this.#groups.get(id);
    const channel = id === undefined ? undefined : this.#channels.get(id);
    switch (message.type) {
      case 'update':
        this.#hub.apply(message.jobs, epoch);
        this.#advance({ epoch, offset: message.offset });
        break;
      case 'snapshot':
        this.#hub.apply(message.jobs, epoch);
        channel?.onSnapshot(message.jobs, message.more, message.resumed);
        if (message.more) break;
        if (group) Object.assign(group, { complete: true, cursor: { epoch, offset: message.offset } });
        if (channel) this.#complete.add(channel);
        if (channel) channel.cursor = { epoch, offset: message.offset };
        break;
      case 'gone':
        channel?.onGone(message.jobs);
        break;
      case 'batch':
        channel?.onBatch(message.batch);
        if (channel) channel.cursor = { epoch, offset: message.offset };
        break;
      case 'stats':
        channel?.onStats(message.stats);
        break;
      case 'error':
        this.#refuse(message, group, channel);
    }
  }

  #advance(cursor: Cursor): void {
    for (const group of this.#groups.values()) if (group.complete) group.cursor = cursor;
    for (const channel of this.#complete) channel.cursor = cursor;
  }

  #refuse(
    { code, detail, jobs }: Extract<Push, { type: 'error' }>,
    group: JobGroup | undefined,
    channel: Channel | undefined,
  ): void {
    // The subscription brings the counters once the batch has its first job.
    if (code === 'batch_not_found') return;
    if (code === 'job_not_found') {
      for (const id of jobs ?? []) this.#hub.unknown(id);
    } else if (REFUSALS.includes(code)) {
      channel?.onRefused(code, detail);
      if (group) this.#hub.refuse(jobs ?? group.ids, code, detail);
    } else {
      if (group) group.refused = true;
      if (channel) this.#refused.add(channel);
    }
  }

  #subscribe(groups: readonly NewGroup[]): void {
    for (const { ids, since } of groups) {
      const id = ++this.#lastId;
      this.#groups.set(id, { ids: new Set(ids), cursor: since, complete: false, refused: false });
      this.#send?.({ type: 'subscribe', id, channel: 'jobs', jobs: ids, ...this.#resume(since) });
    }
  }

  #syncChannels(): void {
    const subscribed = new Set(this.#channels.values());
    for (const [id, channel] of this.#channels) {
      if (this.#hub.channels.has(channel)) continue;
      this.#channels.delete(id);
      this.#complete.delete(channel);
      this.#send?.({ type: 'unsubscribe', id });
    }
    for (const channel of this.#hub.channels) {
      if (subscribed.has(channel) || this.#refused.has(channel)) continue;
      if (!this.#features.includes(featureOf(channel))) {
        this.#refused.add(channel);
        continue;
      }
      const id = ++this.#lastId;
      this.#channels.set(id, channel);
      channel.onSubscribed();
      this.#send?.({ type: 'subscribe', id, ...channel.fields, ...this.#resume(channel.cursor) });
    }
  }

  #resume(since: Cursor | undefined): { since?: Cursor } {
    if (since?.epoch !== this.#hub.epochs.current || !this.#features.includes('since')) return {};
    return { since };
  }

  #unsubscribe(id: number): void {
    this.#groups.delete(id);
    this.#send?.({ type: 'unsubscribe', id });
  }
}

/** Returns the feature that a server with a channel names. */
function featureOf({ fields: { channel } }: Channel): string {
  return channel === 'jobs' ? 'filters' : channel;
}

import type { Redis } from 'ioredis';

import type { Logger } from '../logger.ts';
import type { Keys } from '../redis/keys.ts';
import type { JobStore } from './job-store.ts';
import { fromFlat, isNewer, toJobState, type JobState } from './to-job.ts';

/** Hears a job's state after each transition. MUST NOT throw, and MUST NOT block. */
export type JobListener = (state: JobState) => void;

/** Ends a watch; calling it again does nothing. */
export type Unwatch = () => void;

/**
 * The node's one subscription to all job events, shared by everything in the process that watches jobs. A
 * state is parsed and serialised once, and only when somebody watches it.
 *
 * The feed carries whole states and may miss some while its connection is down: when the connection is back
 * it reads everything watched again, so a watcher always ends with the last state. Watchers MUST expect
 * states out of order or twice, and compare versions.
 */
export class JobFeed {
  readonly #subscriber: Redis;
  readonly #store: JobStore;
  readonly #keys: Keys;
  readonly #logger: Logger;
  readonly #watchers = new Map<string, Set<JobListener>>();
  readonly #watchersOfAll = new Map<JobListener, () => Iterable<string>>();
  /** What has been pushed since the feed began to read everything again. */
  #heard: Map<string, JobState> | undefined;

  /** @param subscriber a connection of the feed's own; the feed closes it */
  constructor(subscriber: Redis, store: JobStore, keys: Keys, logger: Logger) {
    this.#subscriber = subscriber;
    this.#store = store;
    this.#keys = keys;
    this.#logger = logger;
  }

  /** Subscribes. @throws when Redis refuses */
  async start(): Promise<void> {
    this.#subscriber.on('pmessage', (_pattern: string, channel: string, message: string) => {
      const id = channel.slice(this.#keys.jobPrefix.length, -':events'.length);
      this.#receive(id, message);
    });
    await this.#subscriber.psubscribe(this.#keys.allEvents);
    this.#subscriber.on('ready', () => {
      this.#readAgain().catch((error: unknown) => {
        this.#logger.error('reading the watched jobs again failed', { error });
        this.#subscriber.disconnect(true);
      });
    });
  }

  /** Watches one job, from now on; what it is now is for the caller to read afterwards. */
  watch(id: string, listener: JobListener): Unwatch {
    const listeners = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#watchers.get(id) === listeners) this.#watchers.delete(id);
    };
  }

  /**
   * Watches every job.
   * @param known the ids that the watcher holds to be active: after a gap they are read again, for they may
   * have left `jobs:active` in it
   */
  watchAll(listener: JobListener, known: () => Iterable<string>): Unwatch {
    this.#watchersOfAll.set(listener, known);
    return () => this.#watchersOfAll.delete(listener);
  }

  close(): void {
    this.#subscriber.disconnect();
  }

  #receive(id: string, message: string): void {
    if (this.#watchersOfAll.size === 0 && !this.#watchers.has(id)) return;
    let event: [history: string, sequence: number, hash: string[]];
    try {
      event = JSON.parse(message) as typeof event;
    } catch (error) {
      // Only scripts publish here; but the channel is open to every program that can reach Redis.
      this.#logger.warn('an event that is not ours was left out', { job: id, error });
      return;
    }
    this.#deliver(toJobState({ ...fromFlat(event[2]), id }, event[0]));
  }

  #deliver(state: JobState): void {
    this.#heard?.set(state.id, state);
    for (const listener of this.#watchersOfAll.keys()) listener(state);
    for (const listener of this.#watchers.get(state.id) ?? []) listener(state);
  }

  async #readAgain(): Promise<void> {
    const heard = new Map<string, JobState>();
    this.#heard = heard;
    // ioredis subscribes again by itself, but does not say when; reading before that would leave a gap.
    await this.#subscriber.psubscribe(this.#keys.allEvents);
    const ids = new Set(this.#watchers.keys());
    if (this.#watchersOfAll.size > 0) {
      for (const id of await this.#store.activeIds()) ids.add(id);
      for (const known of this.#watchersOfAll.values()) for (const id of known()) ids.add(id);
    }
    for (const state of await this.#store.readAll([...ids])) {
      // What was pushed while reading may be newer than what was read.
      if (state && isNewer(state, heard.get(state.id))) this.#deliver(state);
    }
    if (this.#heard === heard) this.#heard = undefined;
  }
}

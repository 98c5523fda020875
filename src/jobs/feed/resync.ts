import { setTimeout as sleep } from 'node:timers/promises';

import { Backoff } from '../../backoff.ts';
import type { Logger } from '../../logging/logger.ts';
import type { FeedLink } from './feed-link.ts';
import type { JobStore } from '../reads/job-store.ts';
import type { JobWatchers } from './job-watchers.ts';
import { areOf, isNewer, type JobState } from '../model/job-view.ts';

/** Shortest and longest pause between two tries, in ms. */
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;

export interface ResyncServices {
  store: JobStore;
  link: FeedLink;
  watchers: JobWatchers;
  logger: Logger;
}

/** Reads all watched jobs again, and merges the states that arrive meanwhile. */
export class Resync {
  readonly #services: ResyncServices;
  readonly #epoch: string;
  /** The newest state of each job, after the ends of its earlier runs. */
  readonly #heard = new Map<string, JobState[]>();
  #cancelled = false;
  /** Whether another read follows. */
  again = false;

  /** @param epoch every state MUST belong to it */
  constructor(services: ResyncServices, epoch: string) {
    this.#services = services;
    this.#epoch = epoch;
  }

  /** Keeps a state that has arrived. It replaces the job's last state, unless that one ends a run. */
  add(state: JobState): void {
    const states = this.#heard.get(state.id);
    if (!states) this.#heard.set(state.id, [state]);
    else if (states.at(-1)?.terminal) states.push(state);
    else states[states.length - 1] = state;
  }

  /** Cancels the read. */
  cancel(): void {
    this.#cancelled = true;
  }

  /** Reads until it succeeds. @returns a state or `undefined` of each job; nothing after a cancellation */
  async read(): Promise<Map<string, JobState | undefined> | undefined> {
    const { link, logger } = this.#services;
    const backoff = new Backoff(MIN_PAUSE_MS, MAX_PAUSE_MS);
    while (!this.#cancelled) {
      try {
        const read = await this.#readWatched();
        // A later state must not overtake the end of a run.
        await link.caughtUp();
        if (this.#cancelled) return undefined;
        if (areOf(this.#epoch, read.values())) return read;
        throw new Error('Redis began another epoch');
      } catch (error) {
        if (this.#cancelled) return undefined;
        logger.warn('cannot read the watched jobs, retrying', { error });
        await sleep(backoff.next());
      }
    }
    return undefined;
  }

  /**
   * Passes new states to the watchers.
   * @param held whether the feed held back the states that arrived meanwhile
   * @param offset offset of the states until all are told
   */
  tell(read: ReadonlyMap<string, JobState | undefined>, held: boolean, offset: number): void {
    const { watchers } = this.#services;
    for (const [jobId, state] of read) {
      if (state) state.offset = offset;
      if (this.#heard.has(jobId)) continue;
      if (state) watchers.tell(state);
      else watchers.tellForgotten(jobId);
    }
    for (const [jobId, heard] of this.#heard) {
      if (held) for (const state of heard) watchers.tell(state);
      const state = read.get(jobId);
      if (state && isNewer(state, heard.at(-1))) watchers.tell(state);
    }
  }

  async #readWatched(): Promise<Map<string, JobState | undefined>> {
    const { store, watchers } = this.#services;
    const active = watchers.anyForAll ? await store.activeIds() : [];
    const ids = watchers.ids();
    for (const id of active) ids.add(id);
    const all = [...ids];
    const states = await store.readInPages(all, () => this.#cancelled);
    return new Map(all.map((id, i) => [id, states[i]]));
  }
}

import { isNewer, type JobState } from '../../jobs/model/job-view.ts';
import type { Outbox } from '../outbox/outbox.ts';

/** The versions that a client has, all of one epoch. */
export interface Had {
  epoch: string;
  versions: ReadonlyMap<string, number>;
}

/** Holds the client's versions and the newest state of each job while a subscription joins. */
export class Joining {
  readonly #had: Had | undefined;
  readonly #heard = new Map<string, JobState>();

  constructor(had: Had | undefined) {
    this.#had = had;
  }

  add(state: JobState): void {
    if (isNewer(state, this.#heard.get(state.id))) this.#heard.set(state.id, state);
  }

  forget(jobId: string): void {
    this.#heard.delete(jobId);
  }

  /** Merges the states of the feed with the states that were read, within one epoch. */
  merge(read: readonly (JobState | undefined)[], epoch: string): Map<string, JobState> {
    const newest = new Map<string, JobState>();
    for (const state of read) if (state) newest.set(state.id, state);
    for (const state of this.#heard.values())
      if (state.epoch === epoch && isNewer(state, newest.get(state.id))) newest.set(state.id, state);
    return newest;
  }

  /** Filters out the states that the client has, and notes them in the outbox. */
  news(states: Iterable<JobState>, epoch: string, outbox: Outbox): JobState[] {
    return [...states].filter((state) => {
      const version = this.#had?.epoch === epoch ? this.#had.versions.get(state.id) : undefined;
      if (version === undefined || version < state.version) return true;
      outbox.has(state.id, version);
      return false;
    });
  }
}

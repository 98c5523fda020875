import { isNewer, type JobState } from '../../jobs/model/job-view.ts';
import type { Outbox } from '../outbox/outbox.ts';

/** What a client says that it has: the version of each job, all of one epoch. */
export interface Had {
  epoch: string;
  versions: ReadonlyMap<string, number>;
}

/** What is there only while a subscription is joining: what the client has, and the newest state of each job heard of. */
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

  /** Merges what was heard in an epoch with what was read in it meanwhile. */
  merge(read: readonly (JobState | undefined)[], epoch: string): Map<string, JobState> {
    const newest = new Map<string, JobState>();
    for (const state of read) if (state) newest.set(state.id, state);
    for (const state of this.#heard.values())
      if (state.epoch === epoch && isNewer(state, newest.get(state.id))) newest.set(state.id, state);
    return newest;
  }

  /** Leaves out what the client has, and notes that it does. */
  news(states: Iterable<JobState>, epoch: string, outbox: Outbox): JobState[] {
    return [...states].filter((state) => {
      const version = this.#had?.epoch === epoch ? this.#had.versions.get(state.id) : undefined;
      if (version === undefined || version < state.version) return true;
      outbox.has(state.id, version);
      return false;
    });
  }
}

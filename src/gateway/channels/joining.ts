import type { StreamPosition } from '../../jobs/model/job-event.ts';
import type { LiveRead } from '../../jobs/feed/live-reads.ts';
import { isNewer, type JobState } from '../../jobs/model/job-view.ts';

/** Result of a join: the states to send. */
export interface Joined {
  /** Newest state of each job. */
  states: Map<string, JobState>;
  /** True if the client keeps the jobs that are not news. */
  resumed: boolean;
  /** Returns whether the client may lack a job's state. */
  isNews: (jobId: string) => boolean;
}

/** Holds the newest state of each job while a subscription joins, and the position of a client that comes back. */
export class Joining {
  readonly since: StreamPosition | undefined;
  readonly #heard = new Map<string, JobState>();

  constructor(since: StreamPosition | undefined) {
    this.since = since;
  }

  add(state: JobState): void {
    if (isNewer(state, this.#heard.get(state.id))) this.#heard.set(state.id, state);
  }

  forget(jobId: string): void {
    this.#heard.delete(jobId);
  }

  /** Merges the states of the feed with the states that were read, within one epoch. */
  merge({ states: read, changed }: LiveRead, epoch: string): Joined {
    const states = new Map(read.map((state) => [state.id, state]));
    const newer = new Set<string>();
    for (const state of this.#heard.values()) {
      if (state.epoch !== epoch || !isNewer(state, states.get(state.id))) continue;
      states.set(state.id, state);
      newer.add(state.id);
    }
    const isNews = (jobId: string) => !changed || changed.has(jobId) || newer.has(jobId);
    return { states, resumed: changed !== undefined, isNews };
  }
}

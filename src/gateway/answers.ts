import type { ServerMessage } from '../contract/messages.ts';
import type { JobState } from '../jobs/to-job.ts';

/** The first states of a subscription that are still to be sent. */
export interface Snapshot {
  readonly subscription: number;
  readonly states: Map<string, JobState>;
}

/** Ends of runs that are to be sent before what comes behind them. */
export interface Ends {
  readonly ends: JobState[];
}

export type Answer = ServerMessage | Snapshot | Ends;

/** What a client was told it will be answered, and what has to go before some of that; in their order. */
export class Answers {
  #queue: Answer[] = [];

  get first(): Answer | undefined {
    return this.#queue[0];
  }

  get size(): number {
    return this.#queue.length;
  }

  add(answer: Answer): void {
    this.#queue.push(answer);
  }

  shift(): void {
    this.#queue.shift();
  }

  /**
   * Puts a state in the place of an older one, where a snapshot has one of its job.
   * @returns whether it has; `undefined` when no snapshot has the job, or has a run's end: that is always sent
   */
  replace(state: JobState): boolean | undefined {
    for (const answer of this.#queue) {
      const before = 'states' in answer ? answer.states.get(state.id) : undefined;
      if (!before) continue;
      const newer = before.version < state.version;
      if (newer && before.terminal) return undefined;
      if (newer) (answer as Snapshot).states.set(state.id, state);
      return newer;
    }
    return undefined;
  }

  /** Leaves the states out of every snapshot. @returns the ends among them */
  clearSnapshots(): JobState[] {
    return this.#queue.flatMap((answer) => {
      if (!('states' in answer)) return [];
      const ends = [...answer.states.values()].filter(({ terminal }) => terminal);
      answer.states.clear();
      return ends;
    });
  }

  deleteSnapshot(subscription: number): void {
    this.#queue = this.#queue.filter(
      (answer) => !('states' in answer) || answer.subscription !== subscription,
    );
  }
}

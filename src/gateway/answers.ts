import type { ServerMessage } from '../contract/messages.ts';
import type { JobState } from '../jobs/to-job.ts';

/** The first states of a subscription that are still to be sent. */
export interface Snapshot {
  readonly subscription: number;
  readonly states: Map<string, JobState>;
}

/** What a client was told it will be answered: messages and snapshots, in their order. */
export class Answers {
  #queue: (ServerMessage | Snapshot)[] = [];

  get first(): ServerMessage | Snapshot | undefined {
    return this.#queue[0];
  }

  get size(): number {
    return this.#queue.length;
  }

  add(answer: ServerMessage | Snapshot): void {
    this.#queue.push(answer);
  }

  shift(): void {
    this.#queue.shift();
  }

  /**
   * Puts a state in the place of an older one, where a snapshot has one of its job.
   * @returns whether it has; `undefined` when no snapshot has the job
   */
  replace(state: JobState): boolean | undefined {
    for (const answer of this.#queue) {
      const before = 'states' in answer ? answer.states.get(state.id) : undefined;
      if (!before) continue;
      const newer = before.version < state.version;
      if (newer) (answer as Snapshot).states.set(state.id, state);
      return newer;
    }
    return undefined;
  }

  /** Leaves the states out of every snapshot. */
  clearSnapshots(): void {
    for (const answer of this.#queue) if ('states' in answer) answer.states.clear();
  }

  deleteSnapshot(subscription: number): void {
    this.#queue = this.#queue.filter(
      (answer) => !('states' in answer) || answer.subscription !== subscription,
    );
  }
}

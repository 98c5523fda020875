import type { ServerMessage } from '../contract/messages.ts';
import type { JobState } from '../jobs/job-view.ts';
import { BYTES_A_FRAME, JOBS_A_FRAME, messageFrame, snapshotFrame, updateFrame } from './frames.ts';

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

/** A frame, and the states in it, by what they are sent as. */
export interface AnswerFrame {
  readonly frame: Buffer;
  readonly first?: readonly JobState[];
  readonly ends?: readonly JobState[];
}

/** What a client was told it will be answered, and what has to go before some of that; in their order. */
export class Answers {
  #queue: Answer[] = [];

  get size(): number {
    return this.#queue.length;
  }

  add(answer: Answer): void {
    this.#queue.push(answer);
  }

  /** Takes the next frame. There MUST be an answer. */
  take(): AnswerFrame {
    const answer = this.#queue[0] as Answer;
    if ('states' in answer) {
      const first = page(answer.states.values());
      for (const { id } of first) answer.states.delete(id);
      const more = answer.states.size > 0;
      if (!more) this.#queue.shift();
      return { frame: snapshotFrame(answer.subscription, first, more), first };
    }
    if ('ends' in answer) {
      const ends = answer.ends.splice(0, page(answer.ends).length);
      if (answer.ends.length === 0) this.#queue.shift();
      return { frame: updateFrame(ends), ends };
    }
    this.#queue.shift();
    return { frame: messageFrame(answer) };
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

/** The first of some states, as many as go in one frame. */
function page(states: Iterable<JobState>): JobState[] {
  const first: JobState[] = [];
  let bytes = 0;
  for (const state of states) {
    if (first.length === JOBS_A_FRAME || bytes > BYTES_A_FRAME) break;
    first.push(state);
    bytes += state.json.length;
  }
  return first;
}

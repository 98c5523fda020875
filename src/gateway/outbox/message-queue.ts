import type { ServerMessage } from '../../contract/messages.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
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

export type QueuedMessage = ServerMessage | Snapshot | Ends;

/** A frame, and the states in it, by what they are sent as. */
export interface MessageFrame {
  readonly frame: Buffer;
  readonly first?: readonly JobState[];
  readonly ends?: readonly JobState[];
}

/** Keeps the messages, snapshots and ends that are to be sent in their order. */
export class MessageQueue {
  #queue: QueuedMessage[] = [];

  get size(): number {
    return this.#queue.length;
  }

  add(message: QueuedMessage): void {
    this.#queue.push(message);
  }

  /** Takes the next frame. There MUST be one. */
  take(): MessageFrame {
    const message = this.#queue[0] as QueuedMessage;
    if ('states' in message) {
      const first = page(message.states.values());
      for (const { id } of first) message.states.delete(id);
      const more = message.states.size > 0;
      if (!more) this.#queue.shift();
      return { frame: snapshotFrame(message.subscription, first, more), first };
    }
    if ('ends' in message) {
      const ends = message.ends.splice(0, page(message.ends).length);
      if (message.ends.length === 0) this.#queue.shift();
      return { frame: updateFrame(ends), ends };
    }
    this.#queue.shift();
    return { frame: messageFrame(message) };
  }

  /**
   * Puts a state in the place of an older one, where a snapshot has one of its job.
   * @returns whether it has; `undefined` when no snapshot has the job, or has a run's end: that is always sent
   */
  replace(state: JobState): boolean | undefined {
    for (const message of this.#queue) {
      const before = 'states' in message ? message.states.get(state.id) : undefined;
      if (!before) continue;
      const newer = before.version < state.version;
      if (newer && before.terminal) return undefined;
      if (newer) (message as Snapshot).states.set(state.id, state);
      return newer;
    }
    return undefined;
  }

  /** Leaves the states out of every snapshot. @returns the ends among them */
  clearSnapshots(): JobState[] {
    return this.#queue.flatMap((message) => {
      if (!('states' in message)) return [];
      const ends = [...message.states.values()].filter(({ terminal }) => terminal);
      message.states.clear();
      return ends;
    });
  }

  deleteSnapshot(subscription: number): void {
    this.#queue = this.#queue.filter(
      (message) => !('states' in message) || message.subscription !== subscription,
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

import type { BatchView } from '../../contract/batches/batch.ts';
import type { ServerMessage } from '../../contract/messages.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import {
  BYTES_A_FRAME,
  JOBS_A_FRAME,
  messageFrame,
  snapshotFrame,
  updateFrame,
  type SnapshotPage,
} from '../speed/frames.ts';

/** Unsent first states of a subscription. */
export interface Snapshot {
  readonly subscription: number;
  readonly states: Map<string, JobState>;
  /** Whether the client has the states that are missing. */
  readonly resumed: boolean;
}

/** Ends of runs, which go before the messages behind them. */
export interface Ends {
  readonly ends: JobState[];
}

/** A message whose offset is that of its departure. */
export interface Live {
  readonly liveEpoch: string;
}

/** The counters of a watched batch, with the offset of their departure. */
export interface BatchNews {
  readonly batchFor: number;
  readonly batch: BatchView;
}

export type QueuedMessage = ServerMessage | Snapshot | Ends | Live | BatchNews;

/** The next frame before it has its offset, with its states by kind. */
export interface NextMessage {
  /** @param offset offset up to which the client has everything once it has the frame */
  readonly frame: (offset: number) => Buffer;
  readonly first?: readonly JobState[];
  readonly ends?: readonly JobState[];
}

/** Queues messages, snapshots and ends in their order. */
export class MessageQueue {
  #queue: QueuedMessage[] = [];

  get size(): number {
    return this.#queue.length;
  }

  /** Adds a message. Statistics and counters replace earlier ones of their subscription. */
  add(message: QueuedMessage): void {
    const before = this.#queue.findIndex(
      (queued) => latestOnly(queued) !== undefined && latestOnly(queued) === latestOnly(message),
    );
    if (before === -1) this.#queue.push(message);
    else this.#queue[before] = message;
  }

  /** True while states wait among the messages. */
  get holdsStates(): boolean {
    return this.#queue.some((message) => 'states' in message || 'ends' in message);
  }

  /** Takes the next message, or page of one. There MUST be one. */
  take(): NextMessage {
    const message = this.#queue[0] as QueuedMessage;
    if ('states' in message) {
      const { subscription, resumed } = message;
      const first = page(message.states.values());
      for (const { id } of first) message.states.delete(id);
      const more = message.states.size > 0;
      if (!more) this.#queue.shift();
      const made: SnapshotPage = { subscription, states: first, resumed, more };
      return { frame: (offset) => snapshotFrame(made, offset), first };
    }
    if ('ends' in message) {
      const ends = message.ends.splice(0, page(message.ends).length);
      if (message.ends.length === 0) this.#queue.shift();
      return { frame: (offset) => updateFrame(ends, offset), ends };
    }
    this.#queue.shift();
    if ('liveEpoch' in message)
      return { frame: (offset) => messageFrame({ type: 'live', epoch: message.liveEpoch, offset }) };
    if ('batchFor' in message) {
      const { batchFor: id, batch } = message;
      return { frame: (offset) => messageFrame({ type: 'batch', id, offset, batch }) };
    }
    return { frame: () => messageFrame(message) };
  }

  /**
   * Replaces an older state of the same job in a snapshot.
   * @returns whether it did; `undefined` if no snapshot has the job, or it has the end of a run, which is always sent
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

  /** Removes the states from every snapshot. @returns the ends among them */
  clearSnapshots(): JobState[] {
    return this.#queue.flatMap((message) => {
      if (!('states' in message)) return [];
      const ends = [...message.states.values()].filter(({ terminal }) => terminal);
      message.states.clear();
      return ends;
    });
  }

  /** Deletes what waits of a subscription. */
  deleteAll(subscription: number): void {
    this.#queue = this.#queue.filter(
      (message) =>
        !('states' in message && message.subscription === subscription) &&
        latestOnly(message) !== subscription,
    );
  }
}

/** Returns the subscription of a message of which only the latest matters; `undefined` for any other. */
function latestOnly(message: QueuedMessage): number | undefined {
  if ('batchFor' in message) return message.batchFor;
  return 'type' in message && message.type === 'stats' ? message.id : undefined;
}

/** Returns the first states, as many as one frame holds. */
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

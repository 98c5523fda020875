import type { JobFeed, Unwatch } from '../jobs/job-feed.ts';
import type { JobStore } from '../jobs/job-store.ts';
import { isNewer, type JobState } from '../jobs/to-job.ts';
import type { Outbox } from './outbox.ts';

export interface Feeds {
  feed: JobFeed;
  store: JobStore;
}

/**
 * One client's interest in some jobs. Joining goes: watch, then read, then send. What is heard while reading
 * is kept and merged by version, so nothing falls between the snapshot and the first update.
 */
export interface Subscription {
  /**
   * Reads and sends the snapshot; afterwards updates flow.
   * @returns the ids that nobody knows; they stay watched
   */
  join(): Promise<string[]>;
  covers(jobId: string): boolean;
  end(): void;
}

/** Merges what was read with what was heard meanwhile. */
function merge(
  read: readonly (JobState | undefined)[],
  heard: ReadonlyMap<string, JobState>,
): Map<string, JobState> {
  const newest = new Map<string, JobState>();
  for (const state of read) if (state) newest.set(state.id, state);
  for (const state of heard.values()) if (isNewer(state, newest.get(state.id))) newest.set(state.id, state);
  return newest;
}

/** Keeps the newest state of each job while a subscription is joining. */
class Buffer {
  readonly heard = new Map<string, JobState>();
  add(state: JobState): void {
    if (isNewer(state, this.heard.get(state.id))) this.heard.set(state.id, state);
  }
}

/** Watches jobs by their ids. */
export function subscribeToJobs(
  id: number,
  jobIds: readonly string[],
  { feed, store }: Feeds,
  outbox: Outbox,
): Subscription {
  const ids = new Set(jobIds);
  let joining: Buffer | undefined = new Buffer();
  const hear = (state: JobState) => {
    if (joining) joining.add(state);
    else outbox.update(state);
  };
  const unwatch = [...ids].map((jobId) => feed.watch(jobId, hear));
  return {
    async join() {
      const read = await store.readAll([...ids]);
      const states = merge(read, joining?.heard ?? new Map());
      joining = undefined;
      outbox.snapshot(id, [...states.values()]);
      return [...ids].filter((jobId) => !states.has(jobId));
    },
    covers: (jobId) => ids.has(jobId),
    end: () => endAll(unwatch),
  };
}

/** Watches every job while it is active: it enters with any state that is not terminal, and leaves with one that is. */
export function subscribeToActive(id: number, { feed, store }: Feeds, outbox: Outbox): Subscription {
  const members = new Set<string>();
  let joining: Buffer | undefined = new Buffer();
  const hear = (state: JobState) => {
    if (joining) return joining.add(state);
    if (!state.terminal) {
      members.add(state.id);
      outbox.notGone(id, state.id);
      outbox.update(state);
    } else if (members.delete(state.id)) {
      outbox.update(state);
      outbox.gone(id, state.id);
    }
  };
  const unwatch = feed.watchAll(hear, () => members);
  return {
    async join() {
      const read = await store.readAll(await store.activeIds());
      const states = [...merge(read, joining?.heard ?? new Map()).values()].filter(
        ({ terminal }) => !terminal,
      );
      joining = undefined;
      for (const state of states) members.add(state.id);
      outbox.snapshot(id, states);
      return [];
    },
    covers: (jobId) => members.has(jobId),
    end: () => endAll([unwatch]),
  };
}

function endAll(unwatch: readonly Unwatch[]): void {
  for (const end of unwatch) end();
}

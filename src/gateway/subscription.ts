import type { JobFeed } from '../jobs/job-feed.ts';
import type { Unwatch } from '../jobs/job-watchers.ts';
import { isNewer, type JobState } from '../jobs/to-job.ts';
import type { Outbox } from './outbox.ts';

/** As how many jobs a channel counts, for it holds on to an id of each that it has told of. */
export const CHANNEL_WEIGHT = 1000;

/** What a client says that it has: the version of each job, all of one history. */
export interface Had {
  history: string;
  versions: ReadonlyMap<string, number>;
}

/**
 * One client's interest in some jobs. Joining goes: watch, then read, then send. What is heard while reading
 * is kept and merged by version, so nothing falls between the snapshot and the first update. What the client
 * already has is not sent again.
 */
export interface Subscription {
  /**
   * Reads and sends the snapshot; afterwards updates flow. Waits while the feed is stale.
   * @returns the ids that nobody knows; they stay watched
   */
  join(): Promise<string[]>;
  covers(jobId: string): boolean;
  /** How many jobs it counts as. */
  readonly weight: number;
  end(): void;
}

/** Keeps the newest state of each job while a subscription is joining. */
class Joining {
  readonly #heard = new Map<string, JobState>();

  add(state: JobState): void {
    if (isNewer(state, this.#heard.get(state.id))) this.#heard.set(state.id, state);
  }

  forget(jobId: string): void {
    this.#heard.delete(jobId);
  }

  /** Merges what was heard in a history with what was read in it meanwhile. */
  merge(read: readonly (JobState | undefined)[], history: string): Map<string, JobState> {
    const newest = new Map<string, JobState>();
    for (const state of read) if (state) newest.set(state.id, state);
    for (const state of this.#heard.values())
      if (state.history === history && isNewer(state, newest.get(state.id))) newest.set(state.id, state);
    return newest;
  }
}

/** Leaves out what the client has, and notes that it does. */
function news(states: Iterable<JobState>, had: Had | undefined, feed: JobFeed, outbox: Outbox): JobState[] {
  return [...states].filter((state) => {
    const version = had?.history === feed.history ? had.versions.get(state.id) : undefined;
    if (version === undefined || version < state.version) return true;
    outbox.has(state.id, version);
    return false;
  });
}

interface Services {
  feed: JobFeed;
  outbox: Outbox;
}

/**
 * Watches jobs by their ids.
 * @param onForgotten called with a job that Redis knows no more, though its watcher was not told of its end
 */
export function subscribeToJobs(
  id: number,
  jobIds: readonly string[],
  had: Had | undefined,
  { feed, outbox }: Services,
  onForgotten: (jobId: string) => void,
): Subscription {
  const ids = new Set(jobIds);
  /** Those whose end the client has not been told. */
  const running = new Set<string>();
  const joining = new Joining();
  let joined = false;
  const note = ({ id: jobId, terminal }: JobState) => (terminal ? running.delete(jobId) : running.add(jobId));
  const watcher = {
    onState(state: JobState) {
      if (!joined) return joining.add(state);
      note(state);
      outbox.update(state);
    },
    onForgotten(jobId: string) {
      if (!joined) joining.forget(jobId);
      else if (running.delete(jobId)) onForgotten(jobId);
    },
  };
  const unwatch = [...ids].map((jobId) => feed.watch(jobId, watcher));
  return {
    async join() {
      const states = joining.merge(await feed.read([...ids]), feed.history);
      joined = true;
      for (const state of states.values()) note(state);
      outbox.snapshot(id, news(states.values(), had, feed, outbox));
      return [...ids].filter((jobId) => !states.has(jobId));
    },
    covers: (jobId) => ids.has(jobId),
    weight: ids.size,
    end: () => endAll(unwatch),
  };
}

/**
 * Watches every job while it is active: it enters with any state that is not terminal, and leaves with one that
 * is. A job that the client says it has is a member from the start, so it is told when that has left meanwhile.
 */
export function subscribeToActive(
  id: number,
  had: Had | undefined,
  { feed, outbox }: Services,
): Subscription {
  const members = new Set<string>(had?.versions.keys());
  const joining = new Joining();
  let joined = false;
  const leave = (jobId: string) => {
    if (members.delete(jobId)) outbox.gone(id, jobId);
  };
  const follow = (state: JobState) => {
    if (!state.terminal) {
      members.add(state.id);
      outbox.notGone(id, state.id);
      outbox.update(state);
    } else if (members.has(state.id)) {
      outbox.update(state);
      leave(state.id);
    }
  };
  const watcher = {
    onState: (state: JobState) => (joined ? follow(state) : joining.add(state)),
    onForgotten: (jobId: string) => (joined ? leave(jobId) : joining.forget(jobId)),
  };
  const unwatch = feed.watchAll(watcher, () => members);
  return {
    async join() {
      const states = joining.merge(await feed.readActive(members), feed.history);
      joined = true;
      const active = [...states.values()].filter(({ terminal }) => !terminal);
      const left = [...members].flatMap((jobId) => {
        const state = states.get(jobId);
        return state?.terminal ? [state] : [];
      });
      const unknown = [...members].filter((jobId) => !states.has(jobId));
      for (const state of active) members.add(state.id);
      outbox.snapshot(id, news([...left, ...active], had, feed, outbox));
      for (const jobId of [...left.map((state) => state.id), ...unknown]) leave(jobId);
      return [];
    },
    covers: (jobId) => members.has(jobId),
    weight: CHANNEL_WEIGHT,
    end: () => endAll([unwatch]),
  };
}

function endAll(unwatch: readonly Unwatch[]): void {
  for (const end of unwatch) end();
}

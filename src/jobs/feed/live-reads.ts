import { setTimeout as sleep } from 'node:timers/promises';

import { Backoff } from '../../backoff.ts';
import type { Logger } from '../../logging/logger.ts';
import { isShown, type ShownFilter } from '../model/job-filter.ts';
import type { StreamPosition } from '../model/job-event.ts';
import { areOf, type JobState } from '../model/job-view.ts';
import type { JobStore } from '../reads/job-store.ts';
import { SingleFlight } from '../../single-flight.ts';

/** Shortest and longest pause between two tries to read, in ms. */
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;
/** Pause in ms after a read of another epoch. The link notices the epoch meanwhile. */
const EPOCH_DELAY_MS = 50;
/** Jobs of a round trip, and most jobs that a search for ended ones looks at, in 50–80 ms. */
const READ_AT_ONCE = 200;
const MOST_LOOKED_AT = 5000;

/** Jobs as a watcher reads them before its first update. */
export interface LiveRead {
  states: JobState[];
  /** Jobs that have changed after the given position; absent if it is unknown, and all states are new. */
  changed: ReadonlySet<string> | undefined;
}

/** Jobs as a channel reads them before its first update. */
export interface ChannelRead extends LiveRead {
  /** The ended jobs that it may keep, the oldest first. */
  ended: string[];
}

/** The feed, as its reads see it. */
interface Feed {
  readonly live: boolean;
  readonly epoch: string;
  readonly closed: boolean;
  /** Resolves once every event published until now has arrived. */
  caughtUp(): Promise<void>;
}

/**
 * Reads jobs for watchers. Every read waits for the events published before its end. So a watcher hears of a run's end
 * before it hears of the next run. All states of a read belong to the epoch of the feed. There is no result while the feed is
 * stale.
 *
 * A read of what has changed follows the read of the states. A job that changes in between is in both, or its event comes
 * later.
 */
export class LiveReads {
  readonly #feed: Feed;
  readonly #store: JobStore;
  readonly #logger: Logger;
  /** Reads all active jobs once for many dashboards, because they often come together, as after a restart. */
  readonly #active: SingleFlight<(JobState | undefined)[]>;
  /** Coalesces the wait for events under way. */
  readonly #caughtUp: SingleFlight<void>;

  constructor(feed: Feed, store: JobStore, logger: Logger) {
    this.#feed = feed;
    this.#store = store;
    this.#logger = logger;
    this.#active = new SingleFlight(async () => store.readInPages(await store.activeIds()));
    this.#caughtUp = new SingleFlight(() => feed.caughtUp());
  }

  /** Reads jobs of a tenant by their ids. @param since position of a client that had them all */
  async byIds(
    tenant: string,
    ids: readonly string[],
    since: StreamPosition | undefined,
  ): Promise<LiveRead | undefined> {
    return this.#read(tenant, async () => {
      const states = await this.#store.readInPages(ids);
      return {
        states,
        changed: await this.#changed(since, (offset) => this.#store.changes.among(ids, offset)),
      };
    });
  }

  /**
   * Reads the active jobs of a tenant, and the latest ended ones that match a filter.
   * @param since position of a client that had them all. Jobs that have changed since are among the states, too
   */
  async channel(
    tenant: string,
    filter: ShownFilter & { recent: number },
    since: StreamPosition | undefined,
  ): Promise<ChannelRead | undefined> {
    return this.#read(tenant, async () => {
      const active = await this.#active.ask();
      const ended = await this.#ended(tenant, filter, since?.offset ?? Infinity);
      const read = { states: [...active, ...ended], ended: ended.map(({ id }) => id) };
      const changed = await this.#changed(since, (offset) => this.#store.changes.since(offset));
      const left = new Set(changed);
      for (const state of read.states) left.delete(state?.id ?? '');
      const others = await this.#store.readInPages([...left]);
      // Redis no longer knows a job, so nothing says whose it was. A full snapshot makes the client forget it.
      if (others.includes(undefined)) return { ...read, changed: undefined };
      return { ...read, states: [...read.states, ...others], changed };
    });
  }

  /**
   * Reads ended jobs, the oldest first: the latest, and as many that had ended by an offset. A client that comes back from
   * there learns which of its jobs are no longer among the latest.
   */
  async #ended(tenant: string, filter: ShownFilter & { recent: number }, by: number): Promise<JobState[]> {
    const ended = new Map<string, JobState>();
    let older = 0;
    for (let from = 0; from < MOST_LOOKED_AT && older < filter.recent; from += READ_AT_ONCE) {
      const latest = await this.#store.changes.latest(from, READ_AT_ONCE);
      const states = await this.#store.readAll(latest.map(({ id }) => id));
      for (const [i, state] of states.entries()) {
        if (older === filter.recent || state?.tenant !== tenant || !state.terminal) continue;
        if (ended.has(state.id) || !isShown(state, filter)) continue;
        ended.set(state.id, state);
        if ((latest[i]?.offset ?? 0) <= by) older++;
      }
      if (latest.length < READ_AT_ONCE) break;
    }
    return [...ended.values()].toReversed();
  }

  async #changed(
    since: StreamPosition | undefined,
    read: (offset: number) => Promise<Set<string> | undefined>,
  ): Promise<Set<string> | undefined> {
    return since && since.epoch === this.#feed.epoch ? read(since.offset) : undefined;
  }

  async #read<T extends { states: (JobState | undefined)[] }>(
    tenant: string,
    read: () => Promise<T>,
  ): Promise<(Omit<T, 'states'> & { states: JobState[] }) | undefined> {
    const backoff = new Backoff(MIN_PAUSE_MS, MAX_PAUSE_MS);
    while (this.#feed.live) {
      const { epoch } = this.#feed;
      try {
        const { states, ...rest } = await read();
        await this.#caughtUp.ask();
        if (!this.#feed.live) return undefined;
        if (epoch === this.#feed.epoch && areOf(epoch, states)) {
          const own = states.filter((state): state is JobState => state?.tenant === tenant);
          return { ...rest, states: own };
        }
        await sleep(EPOCH_DELAY_MS);
      } catch (error) {
        if (this.#feed.closed) throw error;
        // Redis may be away for some time before the link notices.
        this.#logger.warn('cannot read jobs, retrying', { error });
        await sleep(backoff.next());
      }
    }
    return undefined;
  }
}

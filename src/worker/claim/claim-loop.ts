import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

import { Backoff } from '../../backoff.ts';
import type { ClaimedJob } from '../../jobs/model/claimed-job.ts';
import type { JobQueue } from '../../jobs/transitions/job-queue.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Availability } from './availability.ts';

/** Longest wait without a claim, in seconds. It bounds the cost of a lost wake-up. */
const MAX_WAIT_SECONDS = 5;
/** Longest wait while jobs run, in seconds. One of them may be delayed for a moment, and the waiter does not see that. */
const MAX_WAIT_WHILE_RUNNING_SECONDS = 0.5;
const MIN_WAIT_SECONDS = 0.01;
/** Shortest and longest pause after a claim that failed, in ms. */
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5000;
/** Interval in ms of a worker that waits for a dependency. */
const PAUSE_MS = 250;

/** Most jobs for each slot. A job without a slot waits for its stores. The more wait, the more share a write. */
const JOBS_A_SLOT = 4;

/** Takes a job to its end. It may call `freeSlot` earlier, once the job needs neither memory nor the processor. MUST NOT throw. */
export type RunClaimed = (job: ClaimedJob, freeSlot: () => void) => Promise<void>;

export interface ClaimLoopOptions {
  queue: JobQueue;
  /** A connection of the loop's own, because it blocks. */
  waiter: Redis;
  queueKey: string;
  /** Number of jobs that are parsed and embedded at once. */
  slots: number;
  availability: Availability;
  logger: Logger;
}

/**
 * Claims jobs while slots are free, and blocks in Redis while no job waits. The waiter sees an id arrive without taking
 * it (`BLMOVE` from a list's end to the same end), so any program may push ids. Only the claim script takes jobs.
 */
export class ClaimLoop {
  readonly #options: ClaimLoopOptions;
  readonly #run: RunClaimed;
  /** Slots that jobs hold. */
  #taken = 0;
  readonly #running = new Set<Promise<void>>();
  readonly #ended: Promise<void>;
  /** Called when a job has ended and its slot is free. */
  #freed: () => void = () => {};
  /** Ends the wait for a job. */
  #endWait: () => void = () => {};
  readonly #stopped = new AbortController();

  constructor(options: ClaimLoopOptions, run: RunClaimed) {
    this.#options = options;
    this.#run = run;
    this.#ended = this.#loop();
  }

  /** Stops claiming, and resolves when every running job has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#endWait();
    this.#options.waiter.disconnect();
    await this.#ended;
    await Promise.all(this.#running);
  }

  async #loop(): Promise<void> {
    const { queue, slots, availability, logger } = this.#options;
    const backoff = new Backoff(MIN_PAUSE_MS, MAX_PAUSE_MS);
    while (!this.#stopped.signal.aborted) {
      try {
        const free = Math.min(slots - this.#taken, JOBS_A_SLOT * slots - this.#running.size);
        if (free <= 0) {
          await new Promise<void>((resolve) => (this.#freed = resolve));
          continue;
        }
        if (availability.impaired) {
          await sleep(PAUSE_MS);
          continue;
        }
        const { jobs, nextMs } = await queue.claim(free);
        for (const job of jobs) this.#start(job);
        if (jobs.length < free) await this.#wait(nextMs);
        backoff.reset();
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        logger.error('claiming failed', { error });
        await sleep(backoff.next(), undefined, { signal: this.#stopped.signal }).catch(() => {});
      }
    }
  }

  #start(job: ClaimedJob): void {
    this.#taken++;
    let holdsSlot = true;
    const freeSlot = () => {
      if (holdsSlot) this.#taken--;
      holdsSlot = false;
      this.#freed();
    };
    const running = this.#run(job, freeSlot).finally(() => {
      this.#running.delete(running);
      freeSlot();
    });
    this.#running.add(running);
  }

  async #wait(nextMs: number | undefined): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    const most = this.#running.size > 0 ? MAX_WAIT_WHILE_RUNNING_SECONDS : MAX_WAIT_SECONDS;
    const wait = Math.max(MIN_WAIT_SECONDS, Math.min(most, (nextMs ?? Infinity) / 1000));
    // A connection that closes while Redis is away never settles its calls, so `stop` ends the wait. A race with one
    // promise for the worker's whole life would leak: each wait would stay attached to it.
    const { waiter, queueKey } = this.#options;
    await new Promise<unknown>((resolve, reject) => {
      this.#endWait = () => resolve(undefined);
      waiter.blmove(queueKey, queueKey, 'RIGHT', 'RIGHT', wait).then(resolve, reject);
    });
  }
}

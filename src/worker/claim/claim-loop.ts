import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

import { Backoff } from '../../backoff.ts';
import type { ClaimedJob } from '../../jobs/model/claimed-job.ts';
import type { JobQueue } from '../../jobs/transitions/job-queue.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Availability } from './availability.ts';

/** The longest a waiting worker goes without looking: what a wake-up that was lost can cost. */
const MAX_WAIT_SECONDS = 5;
/** While jobs run, one of them may be put off for a moment, which the waiter does not see. */
const MAX_WAIT_WHILE_RUNNING_SECONDS = 0.5;
const MIN_WAIT_SECONDS = 0.01;
/** Shortest and longest pause after a claim that failed, in ms. */
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5000;
/** How often a worker that waits for a dependency looks whether it may claim again. */
const PAUSE_MS = 250;

/**
 * Claims jobs while there are free slots, and blocks in Redis while there are none to claim. The waiter sees
 * an id arrive without taking it (`BLMOVE` from a list's end to the same end), whoever pushed it; only the
 * claim script takes jobs.
 */
export class ClaimLoop {
  readonly #queue: JobQueue;
  readonly #waiter: Redis;
  readonly #queueKey: string;
  readonly #slots: number;
  readonly #availability: Availability;
  readonly #run: (job: ClaimedJob) => Promise<void>;
  readonly #logger: Logger;
  readonly #running = new Set<Promise<void>>();
  readonly #ended: Promise<void>;
  /** Called when a job has ended: there is a free slot. */
  #freed: () => void = () => {};
  /** Ends the wait for something to claim. */
  #endWait: () => void = () => {};
  readonly #stopped = new AbortController();

  /**
   * @param waiter a connection of the loop's own, for a blocked connection can do nothing else
   * @param run takes a job to its end; MUST NOT throw
   */
  constructor(
    {
      queue,
      waiter,
      queueKey,
      slots,
      availability,
      logger,
    }: {
      queue: JobQueue;
      waiter: Redis;
      queueKey: string;
      slots: number;
      availability: Availability;
      logger: Logger;
    },
    run: (job: ClaimedJob) => Promise<void>,
  ) {
    this.#queue = queue;
    this.#waiter = waiter;
    this.#queueKey = queueKey;
    this.#slots = slots;
    this.#availability = availability;
    this.#logger = logger;
    this.#run = run;
    this.#ended = this.#loop();
  }

  /** Claims nothing more. @returns resolves when every running job has ended */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#endWait();
    this.#waiter.disconnect();
    await this.#ended;
    await Promise.all(this.#running);
  }

  async #loop(): Promise<void> {
    const backoff = new Backoff(MIN_PAUSE_MS, MAX_PAUSE_MS);
    while (!this.#stopped.signal.aborted) {
      try {
        const free = this.#slots - this.#running.size;
        if (free === 0) {
          await new Promise<void>((resolve) => (this.#freed = resolve));
          continue;
        }
        if (this.#availability.impaired) {
          await sleep(PAUSE_MS);
          continue;
        }
        const { jobs, nextMs } = await this.#queue.claim(free);
        for (const job of jobs) this.#start(job);
        if (jobs.length < free) await this.#wait(nextMs);
        backoff.reset();
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        this.#logger.error('claiming failed', { error });
        await sleep(backoff.next(), undefined, { signal: this.#stopped.signal }).catch(() => {});
      }
    }
  }

  #start(job: ClaimedJob): void {
    const running = this.#run(job).finally(() => {
      this.#running.delete(running);
      this.#freed();
    });
    this.#running.add(running);
  }

  async #wait(nextMs: number | undefined): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    const most = this.#running.size > 0 ? MAX_WAIT_WHILE_RUNNING_SECONDS : MAX_WAIT_SECONDS;
    const wait = Math.max(MIN_WAIT_SECONDS, Math.min(most, (nextMs ?? Infinity) / 1000));
    // A connection that is closed while Redis is away leaves what it was asked for ever unanswered. No race with a
    // promise for the worker's whole life: each would stay attached to it.
    await new Promise<unknown>((resolve, reject) => {
      this.#endWait = () => resolve(undefined);
      this.#waiter.blmove(this.#queueKey, this.#queueKey, 'RIGHT', 'RIGHT', wait).then(resolve, reject);
    });
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

import type { ClaimedJob, JobQueue } from '../jobs/job-queue.ts';
import type { Logger } from '../logger.ts';

/** The longest a waiting worker goes without looking: what a wake-up that was lost can cost. */
const MAX_WAIT_SECONDS = 5;
const MIN_WAIT_SECONDS = 0.01;
const AFTER_ERROR_MS = 1000;

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
  readonly #run: (job: ClaimedJob) => Promise<void>;
  readonly #logger: Logger;
  readonly #running = new Set<Promise<void>>();
  readonly #ended: Promise<void>;
  #stopping = false;

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
      logger,
    }: {
      queue: JobQueue;
      waiter: Redis;
      queueKey: string;
      slots: number;
      logger: Logger;
    },
    run: (job: ClaimedJob) => Promise<void>,
  ) {
    this.#queue = queue;
    this.#waiter = waiter;
    this.#queueKey = queueKey;
    this.#slots = slots;
    this.#logger = logger;
    this.#run = run;
    this.#ended = this.#loop();
  }

  /** Claims nothing more. @returns resolves when every running job has ended */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#waiter.disconnect();
    await this.#ended;
    await Promise.all(this.#running);
  }

  async #loop(): Promise<void> {
    while (!this.#stopping) {
      try {
        const free = this.#slots - this.#running.size;
        if (free === 0) {
          await Promise.race(this.#running);
          continue;
        }
        const { jobs, nextMs } = await this.#queue.claim(free);
        for (const job of jobs) this.#start(job);
        if (jobs.length < free) await this.#wait(nextMs);
      } catch (error) {
        if (this.#stopping) return;
        this.#logger.error('claiming failed', { error });
        await sleep(AFTER_ERROR_MS);
      }
    }
  }

  #start(job: ClaimedJob): void {
    const running = this.#run(job).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #wait(nextMs: number | undefined): Promise<void> {
    if (this.#stopping) return;
    const seconds = Math.min(MAX_WAIT_SECONDS, nextMs === undefined ? MAX_WAIT_SECONDS : nextMs / 1000);
    const wait = Math.max(MIN_WAIT_SECONDS, seconds);
    await this.#waiter.blmove(this.#queueKey, this.#queueKey, 'RIGHT', 'RIGHT', wait);
  }
}

import type { Redis } from 'ioredis';

import type { Subject } from './client-address.ts';
import { LimitError } from './limit-error.ts';

/** Seconds until a client that has its jobs may ask again. Redis is asked about them once in this time. */
const LOOK_SECONDS = 5;
/** A call that asks about more blocks Redis for longer than a millisecond. */
const ASKED_AT_ONCE = 1000;

/** Bounds memory where clients come from ever new addresses. */
const MOST_CLIENTS = 10_000;

interface Jobs {
  readonly ids: Set<string>;
  lookedAt: number;
  looking: Promise<void> | undefined;
}

/**
 * Counts the jobs of each client that have not ended. An upload costs an entry in a set. Redis is asked which jobs have
 * ended only where a client has its limit, because the way of an upload must stay short.
 */
export class LiveJobs {
  readonly #most: number;
  readonly #redis: Redis;
  /** The set of the jobs that have not ended. */
  readonly #active: string;
  readonly #clients = new Map<Subject, Jobs>();

  constructor(most: number, redis: Redis, active: string) {
    this.#most = most;
    this.#redis = redis;
    this.#active = active;
  }

  /** Admits an upload. @throws {LimitError} if the client has its jobs */
  async admit(subject: Subject): Promise<void> {
    const jobs = this.#clients.get(subject);
    if (!jobs || jobs.ids.size < this.#most) return;
    if (performance.now() - jobs.lookedAt > LOOK_SECONDS * 1000) {
      jobs.looking ??= this.#forgetEnded(jobs).finally(() => (jobs.looking = undefined));
      await jobs.looking;
    }
    if (jobs.ids.size < this.#most) return;
    const detail = `This client has ${this.#most} jobs that have not ended. Try again when some have.`;
    throw new LimitError('jobs', detail, this.#most, LOOK_SECONDS);
  }

  /** Counts a job that was made. */
  add(subject: Subject, jobId: string): void {
    let jobs = this.#clients.get(subject);
    if (!jobs) {
      this.#clients.set(subject, (jobs = { ids: new Set(), lookedAt: -Infinity, looking: undefined }));
      const [oldest = subject] = this.#clients.keys();
      if (this.#clients.size > MOST_CLIENTS) this.#clients.delete(oldest);
    }
    jobs.ids.add(jobId);
  }

  async #forgetEnded(jobs: Jobs): Promise<void> {
    jobs.lookedAt = performance.now();
    const ids = [...jobs.ids];
    for (let from = 0; from < ids.length; from += ASKED_AT_ONCE) {
      const some = ids.slice(from, from + ASKED_AT_ONCE);
      const live = await this.#redis.smismember(this.#active, ...some);
      some.forEach((id, index) => live[index] === 0 && jobs.ids.delete(id));
    }
  }
}

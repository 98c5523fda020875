import type { Redis } from 'ioredis';

import type { Subject } from './client-address.ts';
import { LimitError } from './limit-error.ts';

/** Seconds until a client at its limit may retry. LiveJobs asks Redis about its jobs at most once in this time. */
const LOOK_SECONDS = 5;
/** Most jobs in one call. A larger call blocks Redis for longer than a millisecond. */
const ASKED_AT_ONCE = 1000;

/** Most clients with counted jobs. It bounds memory when every request comes from a new address. */
const MOST_CLIENTS = 10_000;

interface Jobs {
  readonly ids: Set<string>;
  lookedAt: number;
  looking: Promise<void> | undefined;
}

/**
 * Limits the jobs of each client that have not ended. An upload adds one entry to a set. LiveJobs asks Redis which jobs
 * have ended only for a client at its limit, because an upload must stay fast.
 */
export class LiveJobs {
  readonly #most: number;
  readonly #redis: Redis;
  /** Redis key of the set of jobs that have not ended. */
  readonly #active: string;
  readonly #clients = new Map<Subject, Jobs>();

  constructor(most: number, redis: Redis, active: string) {
    this.#most = most;
    this.#redis = redis;
    this.#active = active;
  }

  /** Admits an upload. @throws {LimitError} if the client is at its limit */
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

  /** Counts a new job. */
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

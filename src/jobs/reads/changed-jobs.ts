import type { Redis } from 'ioredis';

import type { Keys } from '../../redis/keys.ts';
import { isWrongType } from '../../redis/wrong-type.ts';

/** Most changed jobs that a resume brings. With more, a full snapshot costs no more. */
const MOST_RESUMED = 10_000;
/** Member of the set whose score is the floor. No job has an empty id. */
const FLOOR = '';

/** Reads which jobs have changed after an offset, from the bounded set that the transition scripts write. */
export class ChangedJobs {
  readonly #redis: Redis;
  readonly #key: string;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#key = keys.changed;
  }

  /**
   * Lists the jobs of all tenants with an event beyond an offset.
   * @returns `undefined` if the set is lost, or no longer goes back so far, or too many jobs have changed
   */
  async since(offset: number): Promise<Set<string> | undefined> {
    const beyond = `(${offset}`;
    // The floor comes second, because a trim between the two raises it.
    const read = await this.#read<[string[], string | null]>((pipeline) =>
      pipeline
        .zrange(this.#key, beyond, '+inf', 'BYSCORE', 'LIMIT', 0, MOST_RESUMED + 1)
        .zscore(this.#key, FLOOR),
    );
    if (!read || !reaches(read[1], offset) || read[0].length > MOST_RESUMED) return undefined;
    return new Set(read[0]);
  }

  /** Lists those of some jobs that have an event beyond an offset, as {@link since} does. */
  async among(ids: readonly string[], offset: number): Promise<Set<string> | undefined> {
    const read = await this.#read<[(string | null)[]]>((pipeline) =>
      pipeline.zmscore(this.#key, FLOOR, ...ids),
    );
    const [floor, ...last] = read?.[0] ?? [];
    if (!reaches(floor, offset)) return undefined;
    return new Set(ids.filter((_, i) => Number(last[i] ?? 0) > offset));
  }

  /** Lists some jobs with the offsets of their last events, the latest first. @param from number of jobs to skip */
  async latest(from: number, count: number): Promise<{ id: string; offset: number }[]> {
    const read = await this.#read<[string[]]>((pipeline) =>
      pipeline.zrevrange(this.#key, from, from + count - 1, 'WITHSCORES'),
    );
    const [flat = []] = read ?? [];
    const jobs = [];
    for (let i = 0; i < flat.length; i += 2)
      jobs.push({ id: flat[i] as string, offset: Number(flat[i + 1]) });
    return jobs;
  }

  async #read<T>(add: (pipeline: ReturnType<Redis['pipeline']>) => unknown): Promise<T | undefined> {
    const pipeline = this.#redis.pipeline();
    add(pipeline);
    const replies = (await pipeline.exec()) ?? [];
    for (const [error] of replies) {
      // Another program has spoilt the key. The next repair deletes it.
      if (isWrongType(error)) return undefined;
      if (error) throw error;
    }
    return replies.map(([, value]) => value) as T;
  }
}

function reaches(floor: string | null | undefined, offset: number): boolean {
  return floor !== null && floor !== undefined && Number(floor) <= offset;
}

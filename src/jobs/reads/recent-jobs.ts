import type { Redis } from 'ioredis';

import type { JobSort } from '../../contract/jobs.ts';
import { AppError } from '../../errors.ts';
import type { Keys } from '../../redis/keys.ts';

/** Jobs that one call reads. More would block Redis and this process for long. */
export const READ_AT_ONCE = 200;

/**
 * Most jobs that a count or a bulk change looks at. They take 1.2–2 s and 1 s of CPU, 200 in 2 ms. Other requests
 * run in between. The memory is that of one read.
 */
export const MOST_WALKED = 100_000;

/** A part of the list of recent jobs. */
export interface RecentRange {
  sort?: JobSort | undefined;
  /** Id of the last job before the range; absent for its beginning. */
  cursor?: string | undefined;
  created_after?: number | undefined;
  created_before?: number | undefined;
  /** Walks the jobs of this batch alone. */
  batch?: string | undefined;
}

/**
 * Returns the list of a batch's jobs. If another program has put another type in its place, returns that of all recent
 * jobs. The caller's filter finds the jobs of the batch among them, too.
 */
async function listOf(batchJobs: string, redis: Redis, keys: Keys): Promise<string> {
  return ['zset', 'none'].includes(await redis.type(batchJobs)) ? batchJobs : keys.recent;
}

/**
 * Walks the ids of recent jobs, some at a time: those of all tenants, or those of the tenant's batch. Jobs that come and
 * go meanwhile neither hide nor repeat others, because the walk continues by time and not by rank. Ids may be of expired
 * jobs.
 *
 * The ages bound the walk by the list's own times. They are those of `created_at`, except that a job of another program
 * stands where a worker first claimed it.
 * @param first size of the first read; the others have {@link READ_AT_ONCE}
 * @throws {AppError} `invalid_cursor` if the job of the cursor has gone from the list
 */
export async function* walkRecent(
  { redis, keys }: { redis: Redis; keys: Keys },
  tenant: string,
  { sort = 'newest', cursor, created_after, created_before, batch }: RecentRange,
  first = READ_AT_ONCE,
): AsyncGenerator<{ ids: string[]; isLast: boolean }> {
  const list = batch === undefined ? keys.recent : await listOf(keys.batchJobs(tenant, batch), redis, keys);
  const from = created_after === undefined ? '-inf' : String(wholeSecond(created_after));
  const to = created_before === undefined ? '+inf' : `(${wholeSecond(created_before)}`;
  const isNewestFirst = sort === 'newest';
  let start = isNewestFirst ? to : from;
  if (cursor !== undefined) {
    const score = await redis.zscore(list, cursor);
    if (score === null)
      throw new AppError('invalid_cursor', 'The list has changed. Start again from the first page.');
    start = score;
  }
  const cursorScore = start;
  /** Number of ids with the score `start` that the walk has passed. */
  let passed = 0;
  for (let atOnce = first; ; atOnce = READ_AT_ONCE) {
    // One more than that tells whether it is the last.
    const limit = ['LIMIT', passed, atOnce + 1, 'WITHSCORES'] as const;
    const reply = isNewestFirst
      ? await redis.zrange(list, start, from, 'BYSCORE', 'REV', ...limit)
      : await redis.zrange(list, start, to, 'BYSCORE', ...limit);
    const ids: string[] = [];
    for (let i = 0; i < Math.min(reply.length, 2 * atOnce); i += 2) {
      const [id, score] = [reply[i] as string, reply[i + 1] as string];
      if (score !== start) [start, passed] = [score, 0];
      passed++;
      const isPassed = cursor !== undefined && score === cursorScore && !isBehind(id, cursor, isNewestFirst);
      if (!isPassed) ids.push(id);
    }
    const isLast = reply.length <= 2 * atOnce;
    yield { ids, isLast };
    if (isLast) return;
  }
}

/** Rounds a time in ms up to the second, because no job is between two: Redis stores whole seconds. */
function wholeSecond(ms: number): number {
  return Math.ceil(ms / 1000) * 1000;
}

/** Returns whether an id stands behind another one of the same score. Redis orders these by their bytes. */
function isBehind(id: string, other: string, isNewestFirst: boolean): boolean {
  const order = Buffer.compare(Buffer.from(id), Buffer.from(other));
  return isNewestFirst ? order < 0 : order > 0;
}

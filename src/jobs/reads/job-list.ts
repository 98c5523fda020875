import type { Redis } from 'ioredis';

import type { JobQuery } from '../../contract/jobs.ts';
import type { Keys } from '../../redis/keys.ts';
import { rankAfter } from '../../redis/rank-after.ts';
import type { JobStore } from './job-store.ts';
import type { JobState } from '../model/job-view.ts';

const READ_AT_ONCE = 200;
/** Most jobs that a page looks at. A filter with few matches ends there, and its cursor continues. */
const MOST_LOOKED_AT = 5000;

/**
 * Reads one page of a tenant's jobs, newest first.
 * @param query `cursor` is the `nextCursor` of the page before
 * @throws {AppError} `invalid_cursor`
 */
export async function listJobs(
  tenant: string,
  query: JobQuery,
  { redis, keys, store }: { redis: Redis; keys: Keys; store: JobStore },
): Promise<{ states: JobState[]; nextCursor: string | undefined }> {
  const states: JobState[] = [];
  const seen = new Set<string>();
  let from = await rankAfter(redis, keys.recent, query.cursor);
  let last: string | undefined;
  const isFiltered = query.status !== undefined || query.collection !== undefined;
  // The first read takes one more than the page holds, which mostly tells whether there is a next page. If jobs are
  // missing from it, or a filter may skip them, larger reads cost less.
  let batch = isFiltered ? READ_AT_ONCE : Math.min(READ_AT_ONCE, query.limit + 1);
  for (let looked = 0; looked < MOST_LOOKED_AT;) {
    const ids = await redis.zrevrange(keys.recent, from, from + batch - 1);
    for (const [i, state] of (await store.readAll(ids)).entries()) {
      // Jobs that are made meanwhile move the older ones on.
      if (state?.tenant !== tenant || seen.has(state.id) || !matches(state, query)) continue;
      states.push(state);
      seen.add(state.id);
      if (states.length < query.limit) continue;
      const over = i === ids.length - 1 && ids.length < batch;
      return { states, nextCursor: over ? undefined : state.id };
    }
    if (ids.length < batch) return { states, nextCursor: undefined };
    from += ids.length;
    looked += ids.length;
    last = ids.at(-1);
    batch = READ_AT_ONCE;
  }
  return { states, nextCursor: last };
}

function matches(state: JobState, { status, collection }: JobQuery): boolean {
  const found = status === 'cancelled' ? state.outcome : state.status;
  if (status !== undefined && found !== status) return false;
  return collection === undefined || state.collection === collection;
}

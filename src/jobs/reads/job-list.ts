import type { Redis } from 'ioredis';

import { isFiltered, type JobQuery } from '../../contract/jobs.ts';
import type { Keys } from '../../redis/keys.ts';
import { matchesFilter } from '../model/job-filter.ts';
import type { JobState } from '../model/job-view.ts';
import type { JobStore } from './job-store.ts';
import { findMatching } from './matching-jobs.ts';
import { READ_AT_ONCE, walkRecent } from './recent-jobs.ts';

/** Most jobs that a page looks at, in 50–80 ms. A filter with few matches ends there, and its cursor continues. */
const MOST_LOOKED_AT = 5000;

/**
 * Reads one page of a tenant's jobs.
 * @param query `cursor` is the `nextCursor` of the page before
 * @throws {AppError} `invalid_cursor`
 */
export async function listJobs(
  tenant: string,
  query: JobQuery,
  services: { redis: Redis; keys: Keys; store: JobStore },
): Promise<{ states: JobState[]; nextCursor: string | undefined }> {
  const states: JobState[] = [];
  const seen = new Set<string>();
  const filtered = isFiltered(query);
  let looked = 0;
  let last: string | undefined;
  // A page without a filter mostly ends with its first batch. If jobs are missing from it, larger reads cost less.
  const first = filtered ? READ_AT_ONCE : Math.min(READ_AT_ONCE, query.limit);
  for await (const { ids, isLast } of walkRecent(services, tenant, query, first)) {
    // Reads few fields of many jobs first, because most may not match.
    const found = filtered ? await findMatching(services, tenant, ids, [query]) : ids;
    for (let from = 0; from < found.length;) {
      const part = found.slice(from, filtered ? from + query.limit - states.length : undefined);
      from += part.length;
      // The status may have changed since.
      for (const state of await services.store.readAll(part, (hash) => matchesFilter(hash, query))) {
        // A job that is forgotten and made again meanwhile may come twice.
        if (state?.tenant !== tenant || seen.has(state.id)) continue;
        states.push(state);
        seen.add(state.id);
        if (states.length < query.limit) continue;
        return { states, nextCursor: isLast && state.id === ids.at(-1) ? undefined : state.id };
      }
    }
    if (isLast) break;
    looked += ids.length;
    last = ids.at(-1) ?? last;
    if (looked >= MOST_LOOKED_AT) return { states, nextCursor: last };
  }
  return { states, nextCursor: undefined };
}

import type { Redis } from 'ioredis';

import type { JobFilter } from '../../contract/jobs.ts';
import type { Keys } from '../../redis/keys.ts';
import { findMatching } from './matching-jobs.ts';
import { MOST_WALKED, walkRecent } from './recent-jobs.ts';

/**
 * Counts a tenant's jobs that match a filter.
 * @param signal ends the count, because its client has gone
 * @returns `isExact` is false if the count ended before it had looked at all jobs
 */
export async function countJobs(
  tenant: string,
  filter: JobFilter,
  services: { redis: Redis; keys: Keys },
  signal?: AbortSignal,
): Promise<{ count: number; isExact: boolean }> {
  const { created_after, created_before, batch } = filter;
  let count = 0;
  let looked = 0;
  for await (const { ids, isLast } of walkRecent(services, tenant, {
    created_after,
    created_before,
    batch,
  })) {
    count += (await findMatching(services, tenant, ids, [filter])).length;
    looked += ids.length;
    if (!isLast && (looked >= MOST_WALKED || signal?.aborted)) return { count, isExact: false };
  }
  return { count, isExact: true };
}

import type { Redis } from 'ioredis';

import type { JobFilter } from '../../contract/jobs.ts';
import { DEFAULT_TENANT, type Keys } from '../../redis/keys.ts';
import { isWrongType } from '../../redis/wrong-type.ts';
import { comparedFields, matchesFilter } from '../model/job-filter.ts';
import type { JobHash } from '../model/job-view.ts';

/**
 * Finds the jobs of a tenant that match every filter. Reads only the fields that the filters compare, in one call.
 * @param ids of a batch; it may name expired jobs
 * @returns the matching ids, in their order
 */
export async function findMatching(
  { redis, keys }: { redis: Redis; keys: Keys },
  tenant: string,
  ids: readonly string[],
  filters: readonly JobFilter[],
): Promise<string[]> {
  if (ids.length === 0) return [];
  // Every script that lists a job also gives it a version.
  const fields = [...new Set(['version', 'tenant', ...filters.flatMap(comparedFields)])];
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hmget(keys.job(id), ...fields);
  const replies = (await pipeline.exec()) ?? [];
  return ids.filter((_, i) => {
    const [error, values] = replies[i] as [Error | null, (string | null)[] | undefined];
    // Another program may have written a key of another type.
    if (error && !isWrongType(error)) throw error;
    const hash = toHash(fields, error ? [] : (values ?? []));
    if (hash['version'] === undefined || (hash['tenant'] ?? DEFAULT_TENANT) !== tenant) return false;
    return filters.every((filter) => matchesFilter(hash, filter));
  });
}

function toHash(fields: readonly string[], values: readonly (string | null)[]): JobHash {
  const hash: JobHash = {};
  for (const [i, field] of fields.entries()) {
    const value = values[i];
    if (typeof value === 'string') hash[field] = value;
  }
  return hash;
}

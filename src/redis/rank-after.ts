import type { Redis } from 'ioredis';

import { AppError } from '../errors.ts';

/**
 * Finds the rank at which a page of a sorted set begins. It reads the cursor's rank, because other ids come and go between
 * two pages.
 * @param cursor last id of the page before; absent for the first page
 * @param sort order of the pages: by falling scores, or by rising ones
 * @throws {AppError} `invalid_cursor` if the id has gone
 */
export async function rankAfter(
  redis: Redis,
  key: string,
  cursor: string | undefined,
  sort: 'newest' | 'oldest' = 'newest',
): Promise<number> {
  if (cursor === undefined) return 0;
  const rank = await (sort === 'oldest' ? redis.zrank(key, cursor) : redis.zrevrank(key, cursor));
  if (rank !== null) return rank + 1;
  throw new AppError('invalid_cursor', 'The list has changed. Start again from the first page.');
}

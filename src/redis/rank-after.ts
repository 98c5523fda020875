import type { Redis } from 'ioredis';

import { AppError } from '../errors.ts';

/**
 * Finds the rank at which a page of a sorted set begins, newest first. It reads the cursor's rank, because other ids come
 * and go between two pages.
 * @param cursor last id of the page before; absent for the first page
 * @throws {AppError} `invalid_cursor` if the id has gone
 */
export async function rankAfter(redis: Redis, key: string, cursor: string | undefined): Promise<number> {
  if (cursor === undefined) return 0;
  const rank = await redis.zrevrank(key, cursor);
  if (rank !== null) return rank + 1;
  throw new AppError('invalid_cursor', 'The list has changed. Start again from the first page.');
}

import type { ChainableCommander, Redis } from 'ioredis';

import { retryWhileUnavailable } from '../redis/connection.ts';
import { isWrongType } from '../redis/wrong-type.ts';

/**
 * Reads a key for each id in one call. A retrying connection repeats it while Redis can do nothing, because no job must fail
 * while a former master loads its data after a failover.
 * @param read adds the command of an id
 * @returns the replies in order; `undefined` for a key of another type, because another program wrote it
 */
export async function readEach<T>(
  redis: Redis,
  ids: readonly string[],
  read: (pipeline: ChainableCommander, id: string) => unknown,
): Promise<(T | undefined)[]> {
  if (ids.length === 0) return [];
  return retryWhileUnavailable(redis, async () => {
    const pipeline = redis.pipeline();
    for (const id of ids) read(pipeline, id);
    return ((await pipeline.exec()) ?? []).map(([error, reply]) => {
      if (error && !isWrongType(error)) throw error;
      return error ? undefined : (reply as T);
    });
  });
}

import type { Redis } from 'ioredis';

import type { Logger } from '../logging/logger.ts';

/** Warns when Redis is set up to forget: jobs would be lost without anybody having failed. */
export async function checkDurability(redis: Redis, logger: Logger): Promise<void> {
  const setting = async (name: string) => (await redis.config('GET', name))[1];
  try {
    const [policy, appendOnly, save] = await Promise.all(
      ['maxmemory-policy', 'appendonly', 'save'].map(setting),
    );
    if (policy !== 'noeviction') {
      logger.warn('Redis may evict jobs when its memory is full: set maxmemory-policy to noeviction', {
        policy,
      });
    }
    if (appendOnly !== 'yes' && !save) {
      logger.warn('Redis keeps nothing on disk, a restart forgets all jobs: set appendonly to yes');
    }
  } catch (error) {
    // A managed Redis may not let its settings be read.
    logger.info("Redis' settings could not be checked", { error: (error as Error).message });
  }
}

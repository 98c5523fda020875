import type { Redis } from 'ioredis';

import type { Logger } from '../logging/logger.ts';

/** Warns about settings with which Redis loses jobs although no part fails. */
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
      logger.warn('Redis keeps nothing on disk, so a restart loses all jobs: set appendonly to yes');
    }
  } catch (error) {
    // A managed Redis may refuse CONFIG.
    logger.info('cannot read the settings of Redis', { error: (error as Error).message });
  }
}

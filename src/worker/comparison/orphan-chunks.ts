import type { Redis } from 'ioredis';

import type { VectorStore } from '../../documents/vector-store.ts';
import type { CleanupLog } from '../../jobs/transitions/cleanup-log.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Keys } from '../../redis/keys.ts';
import type { Turn } from './turn.ts';

/** Interval in ms to check orphans again, because their documents may have returned. */
const AGAIN_SECONDS = 60 * 60;

export interface OrphanServices {
  redis: Redis;
  keys: Keys;
  cleanups: CleanupLog;
  vectors: Pick<VectorStore, 'generations'>;
  logger: Logger;
}

/**
 * Checks all chunks in Chroma once an epoch. Redis may have lost the scripts' marks of dead generations. Deletion
 * needs evidence, so chunks of documents that Redis does not know stay.
 */
export class OrphanChunks {
  readonly #services: OrphanServices;

  constructor(services: OrphanServices) {
    this.#services = services;
  }

  /** Checks, unless a worker did so in this epoch. @throws {DependencyError} when Chroma fails */
  async look(turn: Turn): Promise<void> {
    const { redis, keys, vectors, cleanups, logger } = this.#services;
    if ((await redis.get(keys.reconciled)) === turn.epoch) return;
    let dead = 0;
    const orphans = new Set<string>();
    for await (const generations of vectors.generations(turn.signal)) {
      // In another epoch the earlier claims are not yet known.
      if (!(await turn.keep())) return;
      const found = await cleanups.markDead(generations);
      dead += found.marked;
      for (const { collection, documentId, generation } of found.orphans)
        orphans.add(`${collection} ${documentId} ${generation}`);
    }
    if (dead > 0) logger.warn('Chroma held generations that are not live', { generations: dead });
    await redis.set(keys.orphans, orphans.size);
    if (orphans.size === 0) {
      await redis.set(keys.reconciled, turn.epoch);
      return;
    }
    logger.warn('Chroma holds chunks of documents that Redis does not know; they stay', {
      generations: orphans.size,
    });
    await redis.set(keys.reconciled, turn.epoch, 'EX', AGAIN_SECONDS);
  }
}

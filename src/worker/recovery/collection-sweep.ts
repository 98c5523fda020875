import type { Redis } from 'ioredis';

import type { CollectionCounts } from '../../documents/collections/collection-counts.ts';
import type { Logger } from '../../logging/logger.ts';
import { DEFAULT_TENANT, type Keys } from '../../redis/keys.ts';

/** Interval in ms of counts of all documents, for changes by other programs and older versions. */
const COUNTED_EVERY_MS = 60 * 60 * 1000;
/** Lock time in ms. Two workers that count at once do no harm, but double the work. */
const LOCK_MS = 60_000;

/**
 * Counts all documents of each collection at the first start, and then once an hour. The count also enters documents of older
 * versions into the lines. One worker at a time counts.
 */
export class CollectionSweep {
  readonly #services: { redis: Redis; keys: Keys; collections: CollectionCounts; logger: Logger };

  constructor(services: { redis: Redis; keys: Keys; collections: CollectionCounts; logger: Logger }) {
    this.#services = services;
  }

  /** Counts if it is due. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { redis, keys, collections, logger } = this.#services;
    const at = await collections.countedAt(DEFAULT_TENANT);
    // A time in the future was recorded before the clock went back.
    if (at !== undefined && Math.abs(Date.now() - at) < COUNTED_EVERY_MS) return;
    if ((await redis.set(keys.counting, '1', 'PX', LOCK_MS, 'NX')) === null) return;
    try {
      if (!(await collections.count(DEFAULT_TENANT, signal))) return;
      const corrected = await collections.correct(DEFAULT_TENANT, signal);
      if (corrected.length > 0)
        logger.warn('collections had wrong counts', { collections: corrected.length, first: corrected[0] });
    } finally {
      await redis.del(keys.counting);
    }
  }
}

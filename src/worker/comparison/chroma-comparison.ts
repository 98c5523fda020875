import type { Redis } from 'ioredis';

import { DependencyError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Keys } from '../../redis/keys.ts';
import { DocumentRestorer, type RestorerServices } from './document-restorer.ts';
import { MissingChunks, type MissingChunksServices } from './missing-chunks.ts';
import { OrphanChunks, type OrphanServices } from './orphan-chunks.ts';
import type { Turn } from './turn.ts';

/** Enough for a page of Chroma; a worker that died comparing is followed by another after so long. */
const LOCK_MS = 15_000;
/** A look that takes long is followed by so many times as long without one: it takes up a sixth of the time at most. */
const REST = 5;
const LONGEST_REST_MS = 10 * 60 * 1000;

export interface ComparisonServices extends MissingChunksServices, RestorerServices, OrphanServices {
  redis: Redis;
  keys: Keys;
  vectors: MissingChunksServices['vectors'] & OrphanServices['vectors'];
  logger: Logger;
}

/**
 * Compares Chroma with Redis in both directions, one worker at a time: chunks that the registry promises and Chroma
 * lost, and chunks that Chroma holds and Redis does not know.
 */
export class ChromaComparison {
  readonly #services: ComparisonServices;
  readonly #everyMs: number;
  readonly #missing: MissingChunks;
  readonly #restorer: DocumentRestorer;
  readonly #orphans: OrphanChunks;
  /** What other workers have seen before this one started counts for nothing: Chroma may be another by now. */
  #looked = false;
  /** Chroma could not be compared, and that was said. */
  #away = false;

  /** @param everyMs how often all workers together look */
  constructor(services: ComparisonServices, everyMs: number) {
    this.#services = services;
    this.#everyMs = everyMs;
    this.#missing = new MissingChunks(services);
    this.#restorer = new DocumentRestorer(services);
    this.#orphans = new OrphanChunks(services);
  }

  /**
   * Looks, if a look is due and no other worker is at it, and has documents restored that are known to miss chunks.
   * @param settled whether Redis knows all again that it will ever know in this epoch: what nobody holds is dead then
   * @param goesOn tells whether this still is the epoch
   */
  async compare(
    epoch: string,
    settled: boolean,
    goesOn: () => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<void> {
    const { redis, keys, logger } = this.#services;
    // Neither lasts longer than it is given: else a clock that was set back would keep it from ending.
    await redis.pexpire(keys.looked, LONGEST_REST_MS, 'LT');
    if ((await redis.set(keys.reconciling, epoch, 'PX', LOCK_MS, 'NX')) === null) {
      await redis.pexpire(keys.reconciling, LOCK_MS, 'LT');
      return;
    }
    const keep = async () => {
      await redis.pexpire(keys.reconciling, LOCK_MS);
      return goesOn();
    };
    try {
      await this.#look({ epoch, signal, keep }, settled);
      this.#away = false;
    } catch (error) {
      // An error is no absence: nothing is missing because Chroma cannot be asked.
      if (!(error instanceof DependencyError)) throw error;
      this.#missing.doubt();
      if (!this.#away) logger.warn('Chroma cannot be compared now, a later look will', { error });
      this.#away = true;
    } finally {
      await redis.del(keys.reconciling);
    }
  }

  async #look(turn: Turn, settled: boolean): Promise<void> {
    const { redis, keys } = this.#services;
    if (!this.#looked || (await redis.get(keys.looked)) !== turn.epoch) {
      this.#looked = true;
      const began = performance.now();
      // Should it fail, the next look waits as well.
      await redis.set(keys.looked, turn.epoch, 'PX', this.#everyMs);
      await this.#missing.look(turn);
      if (settled) await this.#orphans.look(turn);
      const restMs = Math.min(LONGEST_REST_MS, REST * (performance.now() - began));
      await redis.set(keys.looked, turn.epoch, 'PX', Math.ceil(Math.max(this.#everyMs, restMs)));
    }
    await this.#restorer.restore(turn);
  }
}

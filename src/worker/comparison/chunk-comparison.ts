import { DependencyError } from '../../errors.ts';
import type { ComparisonServices, Turn } from './comparison-services.ts';
import { MissingChunks } from './missing-chunks.ts';
import { MissingKeywords } from './missing-keywords.ts';
import { findOrphanChunks } from './find-orphan-chunks.ts';
import { restoreDocuments } from './restore-documents.ts';

/** Lock time in ms, enough for a page of Chroma. Another worker takes over after a worker that died. */
const LOCK_MS = 15_000;
/** Rest after a long comparison, as a multiple of its time: it takes a sixth of the time at most. */
const REST = 5;
const LONGEST_REST_MS = 10 * 60 * 1000;

/**
 * Compares Chroma and the keyword index with Redis in both directions, one worker at a time. It finds chunks that the registry
 * expects and a store lost, and chunks in a store that Redis does not know. It fills the index from Chroma.
 */
export class ChunkComparison {
  readonly #services: ComparisonServices;
  readonly #everyMs: number;
  readonly #missing: MissingChunks;
  readonly #keywords: MissingKeywords;
  /** False before this worker's first comparison, because Chroma may have changed since other workers' comparisons. */
  #looked = false;
  /** True after a logged failure to compare. */
  #away = false;
  #indexAway = false;

  /** @param everyMs interval of all workers together, in ms */
  constructor(services: ComparisonServices, everyMs: number) {
    this.#services = services;
    this.#everyMs = everyMs;
    this.#missing = new MissingChunks(services);
    this.#keywords = new MissingKeywords(services);
  }

  /**
   * Compares, if a comparison is due and no other worker runs one. Then queues jobs for documents that miss chunks.
   * @param settled whether Redis has restored all it will restore in this epoch: generations without an owner are
   * dead then
   * @param goesOn tells whether the epoch still lasts
   */
  async compare(
    epoch: string,
    settled: boolean,
    goesOn: () => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<void> {
    const { redis, keys, logger } = this.#services;
    // Caps both expiry times, because a clock that was set back would extend them.
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
      // An error is no absence: an unreachable Chroma has lost nothing.
      if (!(error instanceof DependencyError)) throw error;
      this.#missing.doubt();
      if (!this.#away)
        logger.warn('Chroma cannot be compared now, the next comparison tries again', { error });
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
      // Sets the next time first, so that a failed comparison waits as well.
      await redis.set(keys.looked, turn.epoch, 'PX', this.#everyMs);
      await this.#missing.look(turn);
      const filled = await this.#compareIndex(turn, settled);
      // Filling the index is no comparison, and orphans may wait for the next one.
      const restMs = filled ? 0 : Math.min(LONGEST_REST_MS, REST * (performance.now() - began));
      await redis.set(keys.looked, turn.epoch, 'PX', Math.ceil(Math.max(this.#everyMs, restMs)));
    }
    await restoreDocuments(this.#services, turn);
  }

  /** Compares the keyword index, then looks for orphans. While the index is away, other work goes on. */
  async #compareIndex(turn: Turn, settled: boolean): Promise<boolean> {
    try {
      const filled = await this.#keywords.look(turn);
      if (settled) await findOrphanChunks(this.#services, turn);
      this.#indexAway = false;
      return filled;
    } catch (error) {
      if (!(error instanceof DependencyError && error.code.startsWith('keywords'))) throw error;
      if (!this.#indexAway) this.#services.logger.warn('the keyword index cannot be compared now', { error });
      this.#indexAway = true;
      return false;
    }
  }
}

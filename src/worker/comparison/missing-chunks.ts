import type { Redis } from 'ioredis';

import type { ChunkCount } from '../../documents/chunk-counts.ts';
import { settingFields } from '../../jobs/model/document-settings.ts';
import { manifestSettings } from '../../documents/original-settings.ts';
import { DependencyError } from '../../errors.ts';
import { DEFAULT_TENANT } from '../../redis/keys.ts';
import type { ComparisonServices, Turn } from './comparison-services.ts';
import { countMissing } from './count-missing.ts';
import { expectedChunks } from './expected-chunks.ts';

/** Interval of full counts, in ms, because dead generations may hide lost chunks in a sum. */
const COUNTED_EVERY_MS = 10 * 60 * 1000;

/**
 * Finds and records the documents that miss chunks in Chroma.
 * Each comparison reads the number of records in a collection, and compares it with the registry's sum. Dead
 * generations only add records, so a lower number always means a loss. Then it counts all chunks of the collection.
 * It counts all collections after this worker's start, after Chroma was away, in each epoch, and every ten minutes.
 */
export class MissingChunks {
  readonly #services: ComparisonServices;
  /** Time of this worker's last reason for a full count, by the process' clock. */
  #doubtedAt = performance.now();
  /** Collections whose failure is already logged. */
  readonly #failing = new Set<string>();

  constructor(services: ComparisonServices) {
    this.#services = services;
  }

  /** Requests a full count, because Chroma was away and may have returned as another server. */
  doubt(): void {
    this.#doubtedAt = performance.now();
  }

  /** Compares once. @throws {DependencyError} when Chroma is unreachable, because then no chunk counts as missing */
  async look(turn: Turn): Promise<void> {
    const { redis, keys, vectors, counts } = this.#services;
    const now = await timeOf(redis);
    // Redis' times are whole. A count within the first millisecond after the doubt must not seem earlier.
    const doubtedAt = Math.floor(now - (performance.now() - this.#doubtedAt));
    const [epoch, at] = (await redis.get(keys.compared))?.split(' ') ?? [];
    // A time in the future was recorded before the clock went back.
    const ageMs = now - Number(at);
    const known = epoch === turn.epoch && ageMs >= 0 && ageMs < COUNTED_EVERY_MS && Number(at) >= doubtedAt;
    for (const [collection, chunks] of await expectedChunks(counts)) {
      if (!(await turn.keep())) return;
      try {
        if (!known || (await vectors.countCollection(collection, turn.signal)) < chunks)
          await this.#count(collection, turn);
        this.#failing.delete(collection);
      } catch (error) {
        this.#skip(collection, error);
      }
    }
    if (!known && (await turn.keep())) await redis.set(keys.compared, `${turn.epoch} ${now}`);
  }

  /**
   * Counts the chunks of a collection's documents. A job stores chunks before it makes them live. So if a generation
   * is live at the read and still live at the note, each chunk not found between the two is lost. The script checks
   * the generation again, so that a concurrent write or switch is never taken for a loss.
   */
  async #count(collection: string, turn: Turn): Promise<void> {
    const { counts, incomplete, logger } = this.#services;
    let [documents, chunks] = [0, 0];
    for await (const page of counts.list(DEFAULT_TENANT, collection)) {
      if (!(await turn.keep())) return;
      await this.#addSettings(page);
      const counted = await countMissing(collection, page, this.#services, turn.signal);
      for (const [i, document] of page.entries()) {
        const missing = counted[i] ?? document.missing;
        if (missing === document.missing || !(await incomplete.note(document, missing))) continue;
        if (missing > 0) documents++;
        chunks += missing;
      }
    }
    if (documents > 0) logger.warn('documents miss chunks', { collection, documents, chunks });
  }

  /** Gives documents of an older version the settings of the manifest beside their original. */
  async #addSettings(page: readonly ChunkCount[]): Promise<void> {
    const { registry, blobs, incomplete } = this.#services;
    const bare = page.filter(({ hasSettings }) => !hasSettings).map(({ id }) => id);
    await Promise.all(
      (await registry.read(bare)).map(async (document) => {
        const settings = await manifestSettings(document, blobs);
        if (settings) await incomplete.noteSettings(document, settingFields(settings));
      }),
    );
  }

  /** Skips a collection that Chroma cannot read, so that the others are still compared. */
  #skip(collection: string, error: unknown): void {
    if (!(error instanceof DependencyError) || error.kind === 'unreachable') throw error;
    if (!this.#failing.has(collection))
      this.#services.logger.error('a collection cannot be compared', { collection, error });
    this.#failing.add(collection);
  }
}

async function timeOf(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

import type { Redis } from 'ioredis';

import type { ChunkCount, ChunkCounts } from '../../documents/chunk-counts.ts';
import { settingFields } from '../../documents/document-settings.ts';
import { manifestSettings } from '../../documents/original-settings.ts';
import type { DocumentRegistry } from '../../documents/registry.ts';
import type { VectorStore } from '../../documents/vector-store.ts';
import { DependencyError } from '../../errors.ts';
import type { IncompleteDocuments } from '../../jobs/incomplete-documents.ts';
import type { Logger } from '../../logger.ts';
import { DEFAULT_TENANT, type Keys } from '../../redis/keys.ts';
import type { BlobStore } from '../../uploads/blob-store.ts';
import type { Turn } from './turn.ts';

/** At least so often all chunks are counted, because dead generations may make up for lost ones in a sum. */
const COUNTED_EVERY_MS = 10 * 60 * 1000;

export interface MissingChunksServices {
  /** The worker's connection. */
  redis: Redis;
  keys: Keys;
  blobs: BlobStore;
  vectors: Pick<VectorStore, 'countCollection' | 'countStored'>;
  registry: DocumentRegistry;
  counts: ChunkCounts;
  incomplete: IncompleteDocuments;
  logger: Logger;
}

/**
 * Finds the documents that miss chunks in Chroma, and notes them.
 *
 * A look compares, for each collection, how many records there are with the sum of what the registry says. Dead
 * generations only add to what is there: fewer always means a loss. All chunks of the collection are counted then; and
 * those of all collections once after this worker has started, after Chroma was away, in each epoch, and every ten
 * minutes.
 */
export class MissingChunks {
  readonly #services: MissingChunksServices;
  /** When this worker last had a reason to have all chunks counted, by this process' clock. */
  #doubtedAt = performance.now();
  /** Collections that could not be compared: said once. */
  readonly #failing = new Set<string>();

  constructor(services: MissingChunksServices) {
    this.#services = services;
  }

  /** Chroma was away, and may have come back as another: all chunks are counted in a look from now on. */
  doubt(): void {
    this.#doubtedAt = performance.now();
  }

  /** Looks once. @throws {DependencyError} when Chroma cannot be reached: nothing is missing because it is away */
  async look(turn: Turn): Promise<void> {
    const { redis, keys, vectors } = this.#services;
    const now = await timeOf(redis);
    const doubtedAt = now - (performance.now() - this.#doubtedAt);
    const [epoch, at] = (await redis.get(keys.compared))?.split(' ') ?? [];
    // A time to come was noted before the clock went back.
    const ageMs = now - Number(at);
    const known = epoch === turn.epoch && ageMs >= 0 && ageMs < COUNTED_EVERY_MS && Number(at) >= doubtedAt;
    for (const [collection, chunks] of await this.#expected()) {
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

  /** How many chunks each collection must have at least. What is known to be missing does not count. */
  async #expected(): Promise<Map<string, number>> {
    const sums = new Map<string, number>();
    for await (const page of this.#services.counts.list(DEFAULT_TENANT))
      for (const { collection, chunkCount, missing } of page)
        sums.set(collection, (sums.get(collection) ?? 0) + chunkCount - missing);
    return sums;
  }

  /**
   * Counts the chunks of a collection's documents. What is live was stored before it became live: so if a generation is
   * live when its registration is read, and still is when it is noted, each chunk that was not found between the two is
   * lost. The script that notes it looks again, and what was written or switched meanwhile is not taken for a loss.
   */
  async #count(collection: string, turn: Turn): Promise<void> {
    const { counts, vectors, incomplete, logger } = this.#services;
    let [documents, chunks] = [0, 0];
    for await (const page of counts.list(DEFAULT_TENANT, collection)) {
      if (!(await turn.keep())) return;
      await this.#addSettings(page);
      const stored = await vectors.countStored(collection, page, turn.signal);
      for (const [i, document] of page.entries()) {
        const missing = document.chunkCount - (stored[i] ?? 0);
        if (missing === document.missing || !(await incomplete.note(document, missing))) continue;
        if (missing > 0) documents++;
        chunks += missing;
      }
    }
    if (documents > 0) logger.warn('documents miss chunks', { collection, documents, chunks });
  }

  /** Documents of an older version get the settings that the manifest beside their original names. */
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

  /** A collection that Chroma cannot read must not keep the others from being compared. */
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

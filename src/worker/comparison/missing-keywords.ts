import { chunkIds } from '../../documents/chunk-record.ts';
import type { ChunkCount } from '../../documents/chunk-counts.ts';
import { keywordsOf } from '../../documents/chunk-stores.ts';
import { DependencyError } from '../../errors.ts';
import { DEFAULT_TENANT } from '../../redis/keys.ts';
import type { ComparisonServices, Turn } from './comparison-services.ts';
import { expectedChunks } from './expected-chunks.ts';

/** Interval of full counts, in ms, because dead generations may hide lost chunks in a sum. */
const COUNTED_EVERY_MS = 10 * 60 * 1000;
/** Chunks per read from Chroma and write to the index. Measured: the index stores 250 chunks of 500 characters in 35 ms. */
const CHUNKS_A_PAGE = 250;

/**
 * Fills the keyword index from Chroma. The index is derived: its files may be lost, of another tokenizer, or lack chunks. This
 * needs no embedder and no original. A look counts the documents of each collection that is incomplete or has too few chunks.
 * The first look of this worker counts all collections, and so does one every ten minutes.
 */
export class MissingKeywords {
  readonly #services: ComparisonServices;
  #countedAt = -Infinity;
  /** Collections whose failure is already logged. */
  readonly #failing = new Set<string>();

  constructor(services: ComparisonServices) {
    this.#services = services;
  }

  /**
   * Compares once, and adds the chunks that the index lacks. If a store cannot read a collection, the others are still
   * filled.
   * @returns whether it filled any
   * @throws {DependencyError} when a store cannot be reached
   */
  async look(turn: Turn): Promise<boolean> {
    const { keywords, counts, redis, keys } = this.#services;
    const index = await keywords.collections(turn.signal);
    const known = new Map(index.collections.map((one) => [one.name, one]));
    const began = performance.now();
    const isDue = began - this.#countedAt >= COUNTED_EVERY_MS;
    const expected = await expectedChunks(counts);
    const isWhole = index.complete && index.collections.every(({ complete }) => complete);
    // A lost index has lost its tombstones, so it may have accepted late writes of dead generations.
    if (!isWhole) await redis.del(keys.reconciled);
    let [filled, skipped] = [0, 0];
    for (const collection of new Set([...expected.keys(), ...known.keys()])) {
      const own = known.get(collection);
      const isComplete = index.complete && own?.complete !== false;
      const isShort = (own?.chunk_count ?? 0) < (expected.get(collection) ?? 0);
      if (!isDue && isComplete && !isShort) continue;
      const documents = await this.#fillOrSkip(collection, turn);
      if (documents === 'ended') return filled > 0;
      if (documents === 'skipped') skipped++;
      else {
        filled += documents;
        if (own && !isComplete) await keywords.markComplete(collection, turn.signal);
      }
    }
    if (!index.complete && skipped === 0 && (await this.#holds(expected, turn)))
      await keywords.markComplete(undefined, turn.signal);
    if (isDue && skipped === 0) this.#countedAt = began;
    return filled > 0;
  }

  /** Returns whether no collection is short. The index may have been lost again while it was filled. */
  async #holds(expected: ReadonlyMap<string, number>, turn: Turn): Promise<boolean> {
    const { collections } = await this.#services.keywords.collections(turn.signal);
    const held = new Map(collections.map(({ name, chunk_count }) => [name, chunk_count]));
    return [...expected].every(([name, chunks]) => (held.get(name) ?? 0) >= chunks);
  }

  async #fillOrSkip(collection: string, turn: Turn): Promise<number | 'ended' | 'skipped'> {
    try {
      const documents = (await this.#fill(collection, turn)) ?? 'ended';
      this.#failing.delete(collection);
      return documents;
    } catch (error) {
      if (!(error instanceof DependencyError) || error.kind === 'unreachable') throw error;
      if (!this.#failing.has(collection))
        this.#services.logger.error('a collection cannot be indexed by its words', { collection, error });
      this.#failing.add(collection);
      return 'skipped';
    }
  }

  /** Fills the live generations of a collection. @returns the documents filled; `undefined` if the turn has ended before */
  async #fill(collection: string, turn: Turn): Promise<number | undefined> {
    const { counts, keywords, logger } = this.#services;
    let filled = 0;
    for await (const page of counts.list(DEFAULT_TENANT, collection)) {
      if (!(await turn.keep())) return undefined;
      const stored = await keywords.countStored(collection, page, turn.signal);
      for (const [i, document] of page.entries()) {
        if ((stored[i] ?? 0) >= document.chunkCount) continue;
        const indexed = await this.#index(document, turn);
        if (indexed === undefined) return undefined;
        // Chroma may have lost some of its chunks. They come with a job.
        if (indexed >= document.chunkCount) filled++;
      }
    }
    if (filled > 0)
      logger.warn('the keyword index lacked documents, and was filled from Chroma', {
        collection,
        documents: filled,
      });
    return filled;
  }

  /**
   * Notes a document whose live generation the index refuses, unless it was replaced or deleted meanwhile. The index deleted
   * the generation before Redis went back to a state in which it is live. A job then makes another generation.
   */
  async #noteRefused(document: ChunkCount): Promise<void> {
    const { incomplete, logger } = this.#services;
    // An incomplete document keeps its count and its due time, because its job will come.
    if (document.missing === 0 && (await incomplete.note(document, document.chunkCount)))
      logger.warn('the keyword index refuses live chunks of a document', { document: document.id });
  }

  /** Indexes the chunks that Chroma has of a document. @returns their number; `undefined` if the turn has ended before */
  async #index(document: ChunkCount, turn: Turn): Promise<number | undefined> {
    const { vectors, keywords } = this.#services;
    const { id: documentId, collection, generation } = document;
    let indexed = 0;
    for (const ids of chunkIds([document], CHUNKS_A_PAGE)) {
      if (!(await turn.keep())) return undefined;
      const chunks = [...(await vectors.find(collection, ids, undefined, turn.signal)).values()];
      const [first] = chunks;
      if (!first) continue;
      const origin = { documentId, generation, filename: first.filename };
      const found = chunks.map(({ chunk_index, ...chunk }) => ({ index: chunk_index, ...chunk }));
      try {
        await keywords.upsert({ collection, writes: [keywordsOf(origin, found)] }, turn.signal);
        indexed += found.length;
      } catch (error) {
        if (!(error instanceof DependencyError && error.code === 'dead_generation')) throw error;
        await this.#noteRefused(document);
        return 0;
      }
    }
    return indexed;
  }
}

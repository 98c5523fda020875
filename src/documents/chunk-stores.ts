import type { KeywordChunk } from '../contract/services/keywords.ts';
import type { Generation } from '../jobs/model/generation.ts';
import type { KeywordIndex } from '../keywords-client/keyword-index.ts';
import type { ChunkWrite } from './chunk-record.ts';
import type { VectorStore } from './vector-store.ts';

/**
 * Both stores of chunks: Chroma and the keyword index. A chunk counts as stored when both hold it, and as deleted when neither does.
 * Methods throw a store's {@link DependencyError}, or the signal's reason when it was aborted. A store may still carry out a
 * write that was aborted.
 */
export class ChunkStores {
  readonly #vectors: Pick<VectorStore, 'upsertAll' | 'deleteGeneration' | 'countChunks'>;
  readonly #keywords: Pick<KeywordIndex, 'upsert' | 'deleteGeneration' | 'countStored'>;

  constructor(
    vectors: Pick<VectorStore, 'upsertAll' | 'deleteGeneration' | 'countChunks'>,
    keywords: Pick<KeywordIndex, 'upsert' | 'deleteGeneration' | 'countStored'>,
  ) {
    this.#vectors = vectors;
    this.#keywords = keywords;
  }

  /**
   * Stores batches of several generations of a collection in one call to each store.
   * @throws {DependencyError} `dead_generation` if one was deleted
   */
  async upsertAll(collection: string, writes: readonly ChunkWrite[], signal: AbortSignal): Promise<void> {
    const keywords = writes.map(({ origin, batch }) => keywordsOf(origin, batch));
    await both(
      this.#vectors.upsertAll(collection, writes, signal),
      this.#keywords.upsert({ collection, writes: keywords }, signal),
    );
  }

  /** Deletes a generation's chunks. The keyword index refuses later ones. */
  async deleteGeneration(generation: Generation, signal: AbortSignal): Promise<void> {
    await both(
      this.#vectors.deleteGeneration(generation, signal),
      this.#keywords.deleteGeneration(generation, signal),
    );
  }

  /** Counts the chunks of a generation in the store that holds fewer, and in the one that holds more. */
  async countChunks(generation: Generation, signal: AbortSignal): Promise<{ least: number; most: number }> {
    const { collection, documentId: id } = generation;
    const [inChroma, [inIndex = 0]] = await both(
      this.#vectors.countChunks(generation, signal),
      this.#keywords.countStored(collection, [{ id, generation: generation.generation }], signal),
    );
    return { least: Math.min(inChroma, inIndex), most: Math.max(inChroma, inIndex) };
  }
}

/** Makes the index's form of a generation's chunks. The name of the file stands for the title. */
export function keywordsOf(
  { documentId, generation, filename }: Omit<Generation, 'collection'> & { filename: string },
  chunks: readonly Omit<KeywordChunk, 'title'>[],
) {
  const title = filename.replace(/\.[^.]+$/, '');
  return {
    document_id: documentId,
    generation,
    chunks: chunks.map(({ index, heading, context, text }) => ({ index, title, heading, context, text })),
  };
}

/** Waits for both calls, also after one failed. @throws the first error */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

import type { KeywordChunk } from '../contract/services/keywords.ts';
import type { Generation } from '../jobs/model/generation.ts';
import type { KeywordIndex } from '../keywords-client/keyword-index.ts';
import type { ChunkOrigin, EmbeddedChunk } from './chunk-record.ts';
import type { VectorStore } from './vector-store.ts';

/** Rejects when a job may no longer write. Awaited right before a write. */
export type EnsureHeld = () => Promise<void>;

/** Writes chunks to Chroma. */
export interface ChunkWriter {
  upsert(
    origin: ChunkOrigin,
    batch: readonly EmbeddedChunk[],
    ensureHeld: EnsureHeld,
    signal: AbortSignal,
  ): Promise<void>;
}

/**
 * Both stores of chunks: Chroma and the keyword index. A chunk counts as stored when both hold it, and as deleted when neither does.
 * Methods throw a store's {@link DependencyError}, or the signal's reason when it was aborted. A store may still carry out a
 * write that was aborted.
 */
export class ChunkStores {
  readonly #vectors: Pick<VectorStore, 'deleteGeneration' | 'countChunks'>;
  readonly #writer: ChunkWriter;
  readonly #keywords: Pick<KeywordIndex, 'upsert' | 'deleteGeneration' | 'countStored'>;

  constructor(
    vectors: Pick<VectorStore, 'deleteGeneration' | 'countChunks'>,
    writer: ChunkWriter,
    keywords: Pick<KeywordIndex, 'upsert' | 'deleteGeneration' | 'countStored'>,
  ) {
    this.#vectors = vectors;
    this.#writer = writer;
    this.#keywords = keywords;
  }

  /**
   * Stores a batch of a generation's chunks.
   * @throws {DependencyError} `dead_generation` after its deletion; `ensureHeld`'s error
   */
  async upsert(
    origin: ChunkOrigin,
    batch: readonly EmbeddedChunk[],
    ensureHeld: EnsureHeld,
    signal: AbortSignal,
  ): Promise<void> {
    const index = async () => {
      await ensureHeld();
      await this.#keywords.upsert(keywordsOf(origin, batch), signal);
    };
    await both(this.#writer.upsert(origin, batch, ensureHeld, signal), index());
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
  { collection, documentId, generation, filename }: Generation & { filename: string },
  chunks: readonly Omit<KeywordChunk, 'title'>[],
) {
  const title = filename.replace(/\.[^.]+$/, '');
  return {
    collection,
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

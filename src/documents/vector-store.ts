import type { ChromaClient, Collection, Where } from 'chromadb';

import type { Chunk } from '../contract/documents.ts';
import { isInternalCollection, type Metadata } from '../contract/upload.ts';
import type { ChromaCall } from '../installation/chroma-identity.ts';
import type { Generation } from '../jobs/model/generation.ts';
import { chromaCall, findCollection } from './chroma-call.ts';
import {
  chunkId,
  chunkIds,
  generationName,
  generationNameOf,
  generationsOf,
  toChunk,
  toRecords,
  type ChunkOrigin,
  type ChunkWrite,
  type EmbeddedChunk,
  type CountedGeneration,
} from './chunk-record.ts';
import { updateChunks } from './edits/update-chunks.ts';
import { modelMismatch } from './collections/embedding-model.ts';
import { rebuildOf } from './reembed/rebuilt-vectors.ts';
import { findById, findNearest, type FoundChunk } from './search/found-chunk.ts';

const COLLECTIONS_A_PAGE = 100;
/** Ids per lookup. Measured: 5,000 ids take 32 ms, 6 µs each, independent of the collection's size. */
const IDS_A_PAGE = 5000;
/** Chunks per update of metadata. 200 chunks hold at most 13 MB of it. Measured: 80 ms to update them, 9 ms to compare. */
const CHUNKS_AN_UPDATE = 200;

/**
 * Stores chunks and their embeddings in ChromaDB. Chunk ids are `{document}:{generation}:{index}`. So a repeated write
 * stores once, and a worker that lost its claim cannot change another's chunks.
 * Methods throw {@link DependencyError}, or the signal's reason when it was aborted.
 */
export class VectorStore {
  readonly #call: ChromaCall;
  readonly #prove: (client: ChromaClient) => Promise<void>;

  /**
   * @param url Chroma's base URL; its default tenant and database are used
   * @param prove throws if Chroma is not the installation's; called before each write and delete
   */
  constructor(url: string, prove: (client: ChromaClient) => Promise<void> = async () => {}) {
    this.#call = chromaCall(url);
    this.#prove = prove;
  }

  /** Stores a batch of a generation's chunks; makes the collection if it is missing. */
  upsert(origin: ChunkOrigin, batch: readonly EmbeddedChunk[], signal: AbortSignal): Promise<void> {
    return this.upsertAll(origin.collection, [{ origin, batch }], signal);
  }

  /** Stores batches of several generations of a collection in one call, because each call has a high fixed cost. */
  async upsertAll(name: string, writes: readonly ChunkWrite[], signal: AbortSignal): Promise<void> {
    await this.#call(signal, async (client) => {
      await this.#prove(client);
      const configuration = { hnsw: { space: 'cosine' } } as const;
      // While a reembed job switches names, none has this one. Chroma would make an empty collection.
      const made =
        (await findCollection(client, name)) ??
        (await client.getOrCreateCollection({ name, embeddingFunction: null, configuration }));
      await made.upsert(toRecords(writes));
    });
  }

  /** Replaces the custom metadata of a generation's chunks. Their vectors stay, and a missing chunk stays missing. */
  async updateMetadata(
    { collection, ...generation }: CountedGeneration & { collection: string },
    metadata: Metadata,
    signal: AbortSignal,
  ): Promise<void> {
    for (const ids of chunkIds([generation], CHUNKS_AN_UPDATE)) {
      await this.#call(signal, async (client) => {
        await this.#prove(client);
        const found = await findCollection(client, collection);
        if (found) await updateChunks(found, ids, metadata);
      });
    }
  }

  /** Deletes a generation's chunks. A collection that is not there holds none. */
  async deleteGeneration(generation: Generation, signal: AbortSignal): Promise<void> {
    await this.#call(signal, async (client) => {
      await this.#prove(client);
      const found = await findCollection(client, generation.collection);
      await found?.delete({ where: chunksOf(generation) });
    });
  }

  /** Counts the chunks of a generation. */
  async countChunks(generation: Generation, signal: AbortSignal): Promise<number> {
    const ids = await this.#ids(generation.collection, { where: chunksOf(generation) }, signal);
    return ids.length;
  }

  /** Counts the records of a collection, of live and dead generations; 0 for a missing collection. */
  async countCollection(collection: string, signal: AbortSignal): Promise<number> {
    return (await this.#in(collection, signal, (found) => found.count())) ?? 0;
  }

  /**
   * Counts the stored chunks of each generation. It looks them up by id, because that costs the same in any
   * collection. Paging slows down (three times as slow at 100,000 records), and miscounts chunks that move meanwhile.
   * @returns one count per generation, in order
   */
  async countStored(
    collection: string,
    generations: readonly CountedGeneration[],
    signal: AbortSignal,
  ): Promise<number[]> {
    const counts = new Map<string, number>();
    for (const ids of chunkIds(generations, IDS_A_PAGE)) {
      for (const id of await this.#ids(collection, { ids }, signal)) {
        const name = generationNameOf(id);
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    return generations.map(({ id, generation }) => counts.get(generationName(id, generation)) ?? 0);
  }

  /** Reads a run of a document's chunks by their indexes, in order. */
  async readChunks(
    { collection, documentId, generation }: Generation,
    from: number,
    count: number,
    signal: AbortSignal,
  ): Promise<Chunk[]> {
    const chunks = await this.#in(collection, signal, async (found) => {
      if (count <= 0) return [];
      const ids = Array.from({ length: count }, (_, i) => chunkId(documentId, generation, from + i));
      const response = await found.get({ ids, include: ['documents', 'metadatas'] });
      return response.ids
        .map((id, i) => toChunk(id, response.documents[i] ?? '', response.metadatas[i] ?? {}))
        .sort((a, b) => a.chunk_index - b.chunk_index);
    });
    return chunks ?? [];
  }

  /** Reads a run of a document's chunks as {@link readChunks}, with their vectors. The order is Chroma's. */
  async readEmbedded(
    { collection, documentId, generation }: Generation,
    from: number,
    count: number,
    signal: AbortSignal,
  ): Promise<(Chunk & { embedding: number[] })[]> {
    const chunks = await this.#in(collection, signal, async (found) => {
      const ids = Array.from({ length: count }, (_, i) => chunkId(documentId, generation, from + i));
      const response = await found.get({ ids, include: ['documents', 'metadatas', 'embeddings'] });
      return response.ids.map((id, i) => ({
        ...toChunk(id, response.documents[i] ?? '', response.metadatas[i] ?? {}),
        embedding: response.embeddings[i] ?? [],
      }));
    });
    return chunks ?? [];
  }

  /**
   * Finds the ids of the chunks nearest to an embedding, best first, of every generation. The caller leaves out dead ones. A score is
   * the cosine similarity: 1 for the same direction.
   * @returns `undefined` when there is no such collection
   * @throws {DependencyError} `embedding_mismatch` if a job has rebuilt the collection with another model
   */
  async query(
    collection: string,
    { embedding, model }: { embedding: number[]; model: string },
    limit: number,
    where: Record<string, unknown> | undefined,
    signal: AbortSignal,
  ): Promise<{ id: string; score: number }[] | undefined> {
    return this.#in(collection, signal, (found) => {
      const rebuilt = rebuildOf(found);
      // The registry follows the switch later, so that the search's own check may have passed.
      if (rebuilt && rebuilt.name !== model)
        throw modelMismatch(collection, [rebuilt], { name: model, dimensions: embedding.length });
      return findNearest(found, embedding, limit, where);
    });
  }

  /** Reads chunks by their ids. It leaves out unknown ones, and those that the filter excludes. */
  async find(
    collection: string,
    ids: string[],
    where: Record<string, unknown> | undefined,
    signal: AbortSignal,
  ): Promise<Map<string, FoundChunk>> {
    if (ids.length === 0) return new Map();
    return (await this.#in(collection, signal, (found) => findById(found, ids, where))) ?? new Map();
  }

  /**
   * Lists every generation with chunks, live or dead, in batches. One may come several times. Concurrent writes may be
   * absent.
   */
  async *generations(signal: AbortSignal): AsyncGenerator<Generation[]> {
    for (let skip = 0; ; skip += COLLECTIONS_A_PAGE) {
      const page = { limit: COLLECTIONS_A_PAGE, offset: skip };
      const collections = await this.#call(signal, (client) => client.listCollections(page));
      for (const { name } of collections)
        if (!isInternalCollection(name)) yield* this.#generationsOf(name, signal);
      if (collections.length < COLLECTIONS_A_PAGE) return;
    }
  }

  async *#generationsOf(collection: string, signal: AbortSignal): AsyncGenerator<Generation[]> {
    // Reads backwards, because a deletion moves only later records.
    let end = await this.countCollection(collection, signal);
    while (end > 0) {
      const offset = Math.max(0, end - IDS_A_PAGE);
      yield generationsOf(collection, await this.#ids(collection, { limit: end - offset, offset }, signal));
      end = offset;
    }
  }

  async #ids(
    collection: string,
    query: Parameters<Collection['get']>[0],
    signal: AbortSignal,
  ): Promise<string[]> {
    const response = await this.#in(collection, signal, (found) => found.get({ ...query, include: [] }));
    return response?.ids ?? [];
  }

  /** Works on a collection. @returns `undefined` when there is no such collection */
  #in<T>(name: string, signal: AbortSignal, work: (found: Collection) => Promise<T>): Promise<T | undefined> {
    return this.#call(signal, async (client) => {
      const found = await findCollection(client, name);
      return found && work(found);
    });
  }

  /** Throws unless Chroma can read its database. On a damaged one Chroma's own heartbeat still succeeds. */
  async heartbeat(signal: AbortSignal): Promise<void> {
    await this.#call(signal, (client) => client.listCollections({ limit: 1 }));
  }
}

function chunksOf({ documentId, generation }: Generation): Where {
  return { $and: [{ document_id: documentId }, { generation }] };
}

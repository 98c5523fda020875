import type { Redis } from 'ioredis';

import type { Keys } from '../redis/keys.ts';
import type { CountedGeneration } from './chunk-record.ts';
import { readEach } from './read-each.ts';

/** Documents per read. This size blocks neither Redis nor this process for long. */
const DOCUMENTS_A_READ = 500;

/** Expected number of chunks of a document's live generation. */
export interface ChunkCount extends CountedGeneration {
  collection: string;
  /** Number of chunks known to be missing. */
  missing: number;
  /** False if an older version kept no settings. */
  hasSettings: boolean;
}

/**
 * Reads expected chunk counts. The comparison calls it all the time, so it reads fewer fields than {@link
 * DocumentRegistry}.
 */
export class ChunkCounts {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /**
   * Lists all documents of a tenant, or of one of its collections, in batches. A document may come twice. One that a
   * job registers meanwhile may be absent.
   */
  async *list(tenant: string, collection?: string): AsyncGenerator<ChunkCount[]> {
    const { documents, documentsIn } = this.#keys;
    const index = collection === undefined ? documents(tenant) : documentsIn(tenant, collection);
    let cursor = '0';
    do {
      const [next, entries] = await this.#redis.zscan(index, cursor, 'COUNT', DOCUMENTS_A_READ);
      const found = await this.read(entries.filter((_, i) => i % 2 === 0));
      // The index of a collection may still list a document that a later upload moved to another collection.
      yield found.filter((one) => collection === undefined || one.collection === collection);
      cursor = next;
    } while (cursor !== '0');
  }

  /** Reads the documents of these ids, as far as they are registered. */
  async read(ids: readonly string[]): Promise<ChunkCount[]> {
    const fields = ['collection', 'generation', 'chunk_count', 'missing_chunks', 'chunk_size'];
    const replies = await readEach<(string | null)[]>(this.#redis, ids, (pipeline, id) =>
      pipeline.hmget(this.#keys.document(id), ...fields),
    );
    return replies.flatMap((values = [], i) => {
      const [collection, generation, chunkCount, missing, chunkSize] = values;
      // Another program may have written anything. Without a generation no chunks are expected.
      if (!collection || !generation) return [];
      const counts = { chunkCount: toCount(chunkCount), missing: toCount(missing) };
      return [{ id: ids[i] as string, collection, generation, ...counts, hasSettings: chunkSize !== null }];
    });
  }
}

function toCount(text: string | null | undefined): number {
  return /^\d{1,9}$/.test(text ?? '') ? Number(text) : 0;
}

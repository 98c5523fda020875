import type { Redis } from 'ioredis';

import type { Keys } from '../../redis/keys.ts';
import { loadScripts, type RunScript } from './load-scripts.ts';

/** Deletes documents, together with the jobs that would write them again. */
export class DocumentDeletion {
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #ttlSeconds: number;

  /** @param ttlSeconds time that a cancelled job stays */
  constructor(redis: Redis, keys: Keys, ttlSeconds: number) {
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
    this.#ttlSeconds = ttlSeconds;
  }

  /**
   * Deletes a document. Its chunks and its original follow by sweeps.
   * @returns the ids of the cancelled jobs; `undefined` if the document is gone, or is in another collection
   */
  async delete(tenant: string, collection: string, id: string): Promise<string[] | undefined> {
    const { document, documents, documentsIn, collections } = this.#keys;
    return this.#run('delete-document', {
      document_key: document(id),
      documents_key: documents(tenant),
      collection_key: documentsIn(tenant, collection),
      collections_key: collections(tenant),
      id,
      tenant,
      collection,
      ttl_seconds: this.#ttlSeconds,
    });
  }
}

import type { Redis } from 'ioredis';

import type { Collection } from '../../contract/documents.ts';
import { AppError } from '../../errors.ts';
import type { ReembedJobs } from '../../jobs/transitions/reembed-jobs.ts';
import type { Keys } from '../../redis/keys.ts';
import { readEach } from '../read-each.ts';
import { CollectionCounts } from './collection-counts.ts';
import { modelOf } from './embedding-model.ts';
import { collectionNotFound } from './collection-not-found.ts';

/** Longest count of uncounted documents within a request, in ms. A worker counts the rest. */
const COUNT_MS = 2000;

/** Reads the collections of a tenant. Their counts cost the same, whatever the number of documents. */
export class Collections {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #counts: CollectionCounts;
  readonly #reembeds: Pick<ReembedJobs, 'activeJob'>;
  /** Counts under way, by tenant. Concurrent requests share one. */
  readonly #counting = new Map<string, Promise<boolean>>();

  constructor(redis: Redis, keys: Keys, reembeds: Pick<ReembedJobs, 'activeJob'>) {
    this.#redis = redis;
    this.#reembeds = reembeds;
    this.#keys = keys;
    this.#counts = new CollectionCounts(redis, keys);
  }

  /**
   * Reads one page of a tenant's collections, by name.
   * @param cursor what the previous page gave as `nextCursor`
   * @throws {AppError} `queue_unavailable` while documents of an older version are still being counted
   */
  async list(
    tenant: string,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<{ collections: Collection[]; total: number; nextCursor: string | undefined }> {
    await this.#ensureCounted(tenant);
    const key = this.#keys.collections(tenant);
    const after = cursor === undefined ? '-' : `(${cursor}`;
    const names = await this.#redis.zrange(key, after, '+', 'BYLEX', 'LIMIT', 0, limit + 1);
    const page = names.slice(0, limit);
    const collections = await this.#read(tenant, page);
    const total = await this.#redis.zcard(key);
    return { collections, total, nextCursor: names.length > limit ? page.at(-1) : undefined };
  }

  /**
   * Reads one collection.
   * @throws {AppError} `collection_not_found` if it has no document; `queue_unavailable` as {@link list}
   */
  async get(tenant: string, name: string): Promise<Collection> {
    await this.#ensureCounted(tenant);
    const [collection] = await this.#read(tenant, [name]);
    if (!collection) throw collectionNotFound(name);
    return collection;
  }

  async #read(tenant: string, names: readonly string[]): Promise<Collection[]> {
    const hashes = await readEach<Record<string, string>>(this.#redis, names, (pipeline, name) =>
      pipeline.hgetall(this.#keys.counts(tenant, name)),
    );
    const collections = await Promise.all(
      names.map(async (name, i) => {
        const hash = hashes[i] ?? {};
        const reembed_job = await this.#reembeds.activeJob(hash['reembed'] ?? '');
        return { ...toCollection(name, hash), reembed_job };
      }),
    );
    // A collection may lose its last document between the two reads.
    return collections.filter(({ document_count }) => document_count > 0);
  }

  async #ensureCounted(tenant: string): Promise<void> {
    if ((await this.#counts.countedAt(tenant)) !== undefined) return;
    let counting = this.#counting.get(tenant);
    if (!counting) {
      counting = this.#counts.count(tenant, AbortSignal.timeout(COUNT_MS));
      const forget = () => void this.#counting.delete(tenant);
      counting.then(forget, forget);
      this.#counting.set(tenant, counting);
    }
    if (await counting) return;
    const detail = 'The documents of an earlier version are still being counted. Try again in a moment.';
    throw new AppError('queue_unavailable', detail);
  }
}

function toCollection(name: string, hash: Record<string, string>): Collection {
  const count = (text = '') => (/^\d{1,15}$/.test(text) ? Number(text) : 0);
  const models = Object.entries(hash).flatMap(([field, text]) => {
    const model = modelOf(field);
    if (!model) return [];
    return [{ name: model.name, dimension: model.dimensions || undefined, document_count: count(text) }];
  });
  models.sort((a, b) => b.document_count - a.document_count || a.name.localeCompare(b.name));
  return {
    name,
    document_count: count(hash['documents']),
    chunk_count: count(hash['chunks']),
    size: count(hash['size']),
    models,
  };
}

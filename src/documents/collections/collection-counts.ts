import type { Redis } from 'ioredis';
import * as v from 'valibot';

import { loadScripts, type RunScript } from '../../jobs/transitions/load-scripts.ts';
import type { Keys } from '../../redis/keys.ts';
import { readEach } from '../read-each.ts';
import { DocumentLines } from './document-lines.ts';

/** Documents per call. This size blocks neither Redis nor this process for long. */
const DOCUMENTS_A_CALL = 500;
const COLLECTIONS_A_PAGE = 1000;

/** A document's share in its collection's counts, as `transition.lua` writes it. */
const Share = v.pipe(
  v.string(),
  v.parseJson(),
  v.strictTuple([v.string(), v.string(), v.string(), v.string(), v.string()]),
);

/**
 * Keeps the counts of collections true. The scripts that register and remove a document count it. This class counts
 * documents of older versions, and corrects counts after other programs deleted a document or its counts.
 */
export class CollectionCounts {
  readonly #redis: Redis;
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #lines: DocumentLines;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
    this.#lines = new DocumentLines(redis, keys);
  }

  /** Returns the time of the last count of a tenant's documents, in ms since 1970; `undefined` before the first. */
  async countedAt(tenant: string): Promise<number | undefined> {
    const at = await this.#redis.hget(this.#keys.counted, tenant);
    return at === null ? undefined : Number(at);
  }

  /**
   * Counts each document of a tenant that is not counted with its present values. Enters those of older versions into
   * the lines. It may be repeated at any time.
   * @returns whether it reached the end before the signal
   */
  async count(tenant: string, signal: AbortSignal): Promise<boolean> {
    const { documents, collections, counted } = this.#keys;
    let cursor = '0';
    do {
      if (signal.aborted) return false;
      const [next, entries] = await this.#redis.zscan(documents(tenant), cursor, 'COUNT', DOCUMENTS_A_CALL);
      const ids = entries.filter((_, i) => i % 2 === 0);
      const outside = await this.#run('count-documents', { collections_key: collections(tenant), ids });
      await this.#lines.enter(tenant, outside);
      cursor = next;
    } while (cursor !== '0');
    await this.#redis.hset(counted, tenant, Date.now());
    return true;
  }

  /**
   * Compares the counts of each collection with its documents, and corrects them. It leaves a collection that changes
   * meanwhile to the next call.
   * @returns the names of the corrected collections
   */
  async correct(tenant: string, signal: AbortSignal): Promise<string[]> {
    const corrected: string[] = [];
    const key = this.#keys.collections(tenant);
    for (let after = '-'; ;) {
      const names = await this.#redis.zrange(key, after, '+', 'BYLEX', 'LIMIT', 0, COLLECTIONS_A_PAGE);
      for (const name of names) {
        if (signal.aborted) return corrected;
        if (await this.#correct(tenant, name, signal)) corrected.push(name);
      }
      if (names.length < COLLECTIONS_A_PAGE) return corrected;
      after = `(${names.at(-1)}`;
    }
  }

  async #correct(tenant: string, name: string, signal: AbortSignal): Promise<boolean> {
    const key = this.#keys.counts(tenant, name);
    const read = (pipeline: { hgetall: (key: string) => unknown }) => pipeline.hgetall(key);
    const [{ changes = '', reembed: _reembed, ...found } = {}] = await readEach<Record<string, string>>(
      this.#redis,
      [key],
      read,
    );
    const sums = await this.#sum(tenant, name, signal);
    if (signal.aborted) return false;
    const { documents = 0, ...others } = sums;
    const isTrue = Object.keys({ ...found, ...sums }).every(
      (field) => (sums[field] ?? 0) === Number(found[field] ?? 0),
    );
    if (isTrue && documents > 0) return false;
    const given = { collections_key: this.#keys.collections(tenant), counts_key: key, name, changes };
    return this.#run('correct-counts', { ...given, documents, fields: Object.entries(others).flat() });
  }

  /** Sums the shares of a collection's documents. The order of its index changes only together with its counts. */
  async #sum(tenant: string, name: string, signal: AbortSignal): Promise<Record<string, number>> {
    const sums: Record<string, number> = {};
    const add = (field: string, amount: number) => (sums[field] = (sums[field] ?? 0) + amount);
    const index = this.#keys.documentsIn(tenant, name);
    for (let from = 0; !signal.aborted; from += DOCUMENTS_A_CALL) {
      const ids = await this.#redis.zrange(index, `${from}`, `${from + DOCUMENTS_A_CALL - 1}`);
      const texts = await readEach<string | null>(this.#redis, ids, (pipeline, id) =>
        pipeline.hget(this.#keys.document(id), 'counted'),
      );
      for (const text of texts) {
        const share = v.safeParse(Share, text);
        if (!share.success || share.output[0] !== name) continue;
        const [, chunks, size, dimension, model] = share.output;
        add('documents', 1);
        add('chunks', Number(chunks));
        add('size', Number(size));
        add(`model:${dimension}:${model}`, 1);
      }
      if (ids.length < DOCUMENTS_A_CALL) break;
    }
    return sums;
  }
}

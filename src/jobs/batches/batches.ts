import type { Redis } from 'ioredis';

import type { BatchView } from '../../contract/batches/batch.ts';
import type { Keys } from '../../redis/keys.ts';
import { isWrongType } from '../../redis/wrong-type.ts';
import { loadScripts, type RunScript } from '../transitions/load-scripts.ts';
import { parseCosts } from '../model/stage-costs.ts';
import { addsUp, toBatchView } from './batch-view.ts';

/** Jobs that one call compares. They block Redis for about 1 ms. */
const COMPARED_AT_ONCE = 100;
/** Batches that one call lists. */
const DUE_AT_ONCE = 20;

/** A batch of a tenant. */
export interface NamedBatch {
  tenant: string;
  batch: string;
}

/** Reads batches, and keeps their counts true. The scripts of the transitions count. */
export class Batches {
  readonly #redis: Redis;
  readonly #run: RunScript;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
  }

  /**
   * Reads a batch in one round trip. It counts the batch anew if another program has spoilt the counts.
   * @returns `undefined` for an unknown batch, or one that has expired
   */
  async read(tenant: string, batch: string): Promise<BatchView | undefined> {
    let found = await this.#counts({ tenant, batch });
    if (!addsUp(found)) {
      await this.compare({ tenant, batch });
      found = await this.#counts({ tenant, batch });
    }
    return found.jobs === 0 ? undefined : toBatchView(batch, found.counts, found.pace);
  }

  /**
   * Compares a batch with its jobs, and corrects the counts. Other programs and older versions change jobs without counting
   * them. A job that was deleted before its end leaves the batch.
   */
  async compare({ tenant, batch }: NamedBatch, signal?: AbortSignal): Promise<void> {
    const states = this.#redis.hkeys(this.#keys.batchStates(tenant, batch)).catch(none);
    const jobs = this.#redis.zrange(this.#keys.batchJobs(tenant, batch), '0', '-1').catch(none);
    const ids = [...new Set([...(await states), ...(await jobs)])];
    for (let from = 0; from < ids.length; from += COMPARED_AT_ONCE) {
      signal?.throwIfAborted();
      await this.#run('check-batch', { tenant, batch, ids: ids.slice(from, from + COMPARED_AT_ONCE) });
    }
    await this.#run('recount-batch', { tenant, batch });
  }

  /** Lists some batches whose comparison is due. A further call lists others. */
  async due(): Promise<NamedBatch[]> {
    const entries = await this.#run('due-batches', { count: DUE_AT_ONCE });
    return entries.map((entry) => {
      const [tenant, batch] = JSON.parse(entry) as [string, string];
      return { tenant, batch };
    });
  }

  async #counts({ tenant, batch }: NamedBatch) {
    const counts = this.#redis.hgetall(this.#keys.batchCounts(tenant, batch)).catch((error: unknown) => {
      if (isWrongType(error)) return {};
      throw error;
    });
    const jobs = this.#redis.hlen(this.#keys.batchStates(tenant, batch)).catch((error: unknown) => {
      // Never adds up, so a comparison follows.
      if (isWrongType(error)) return Number.NaN;
      throw error;
    });
    const text = this.#redis.get(this.#keys.costs).catch((error: unknown) => {
      if (isWrongType(error)) return null;
      throw error;
    });
    const running = this.#redis.zcard(this.#keys.leases).catch((error: unknown) => {
      if (isWrongType(error)) return 0;
      throw error;
    });
    const pace = { costs: parseCosts(await text), running: await running };
    return { counts: await counts, jobs: await jobs, pace };
  }
}

/** Treats a key of another type as empty, because another program wrote it. @throws any other error */
function none(error: unknown): string[] {
  if (isWrongType(error)) return [];
  throw error;
}

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
   * Reads a batch in one round trip. It compares the batch with its jobs if another program has spoilt its keys.
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
    const states = this.#redis.hkeys(this.#keys.batchStates(tenant, batch)).catch(onWrongType<string[]>([]));
    const jobs = this.#redis
      .zrange(this.#keys.batchJobs(tenant, batch), '0', '-1')
      .catch(onWrongType<string[]>([]));
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
    const keys = this.#keys;
    const [counts, jobs, listed, costs, running] = await Promise.all([
      this.#redis.hgetall(keys.batchCounts(tenant, batch)).catch(onWrongType({})),
      // No size equals NaN, so that a comparison follows.
      this.#redis.hlen(keys.batchStates(tenant, batch)).catch(onWrongType(Number.NaN)),
      this.#redis.zcard(keys.batchJobs(tenant, batch)).catch(onWrongType(Number.NaN)),
      this.#redis.get(keys.costs).catch(onWrongType(null)),
      this.#redis.zcard(keys.leases).catch(onWrongType(0)),
    ]);
    return { counts, jobs, listed, pace: { costs: parseCosts(costs), running } };
  }
}

/** Returns a value in place of a key of another type, because another program wrote it. @throws any other error */
function onWrongType<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (isWrongType(error)) return value;
    throw error;
  };
}

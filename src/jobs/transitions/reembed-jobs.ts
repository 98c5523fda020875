import type { Redis } from 'ioredis';
import * as v from 'valibot';

import type { JobStatus } from '../../contract/job.ts';
import { retryWhileUnavailable } from '../../redis/connection.ts';
import type { Keys } from '../../redis/keys.ts';
import type { ClaimedJob } from '../model/claimed-job.ts';
import { toStatus } from '../model/job-view.ts';
import { loadScripts, type RunScript } from './load-scripts.ts';

/** A member of `jobs:reembedding`: tenant and name. */
const MemberSchema = v.pipe(v.string(), v.parseJson(), v.strictTuple([v.string(), v.string()]));

/** A collection of a tenant. */
export interface NamedCollection {
  tenant: string;
  collection: string;
}

/** Makes and completes reembed jobs, and keeps the list of collections that a sweep must settle. */
export class ReembedJobs {
  readonly #redis: Redis;
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #options: { maxRetries: number; ttlSeconds: number };

  constructor(redis: Redis, keys: Keys, options: { maxRetries: number; ttlSeconds: number }) {
    this.#redis = redis;
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
    this.#options = options;
  }

  /**
   * Queues a job that embeds a collection again, unless one is under way.
   * @param id id of a new job
   * @returns the new job, or the one under way; `undefined` for a collection without documents
   */
  async start(
    { tenant, collection }: NamedCollection,
    id: string,
  ): Promise<{ id: string; createdAt: string; status: JobStatus } | undefined> {
    return this.#run('reembed', {
      job_key: this.#keys.job(id),
      counts_key: this.#keys.counts(tenant, collection),
      id,
      tenant,
      collection,
      payload: JSON.stringify({ collection }),
      max_retries: this.#options.maxRetries,
    });
  }

  /**
   * Makes the caller's run the collection's reembed job.
   * @returns `lost` if the caller no longer holds the job; `taken` while another job embeds the collection again
   */
  async hold({ id, token, run, tenant }: ClaimedJob, collection: string): Promise<'held' | 'lost' | 'taken'> {
    return this.#run('hold-reembed', {
      job_key: this.#keys.job(id),
      counts_key: this.#keys.counts(tenant, collection),
      id,
      token,
      run,
      tenant,
      collection,
    });
  }

  /**
   * Reads the id of the job that embeds a collection again; `undefined` if none does.
   * @param mark the field `reembed` of the collection's counts
   */
  async activeJob(mark: string): Promise<string | undefined> {
    const id = mark.slice(0, mark.lastIndexOf(':'));
    if (id === '') return undefined;
    const read = () => this.#redis.hgetall(this.#keys.job(id));
    const hash = await retryWhileUnavailable(this.#redis, read);
    if (Object.keys(hash).length === 0) return undefined;
    const { status } = toStatus(hash);
    return status === 'completed' || status === 'failed' ? undefined : id;
  }

  /** Gives documents of a collection the model of its rebuilt vectors. */
  async switchModels(
    { tenant, collection }: NamedCollection,
    ids: readonly string[],
    model: { name: string; dimensions: number },
  ): Promise<void> {
    if (ids.length === 0) return;
    await this.#run('switch-models', {
      collections_key: this.#keys.collections(tenant),
      collection,
      model: model.name,
      dimension: model.dimensions > 0 ? model.dimensions : '',
      ids,
    });
  }

  /** Completes the job. @returns false after its claim was lost */
  async complete({ id, token }: ClaimedJob): Promise<boolean> {
    const ttl_seconds = this.#options.ttlSeconds;
    return this.#run('finish-reembed', { job_key: this.#keys.job(id), id, token, ttl_seconds });
  }

  /** Lists the collections whose reembed job may have left something in Chroma. */
  async unsettled(): Promise<NamedCollection[]> {
    return (await this.#redis.smembers(this.#keys.reembedding)).flatMap((text) => {
      const named = v.safeParse(MemberSchema, text);
      return named.success ? [{ tenant: named.output[0], collection: named.output[1] }] : [];
    });
  }

  /** Adds a collection to this list. */
  async addUnsettled({ tenant, collection }: NamedCollection): Promise<void> {
    await this.#redis.sadd(this.#keys.reembedding, JSON.stringify([tenant, collection]));
  }

  /** Removes a collection from this list. */
  async removeUnsettled({ tenant, collection }: NamedCollection): Promise<void> {
    await this.#redis.srem(this.#keys.reembedding, JSON.stringify([tenant, collection]));
  }
}

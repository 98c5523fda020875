import type { Redis } from 'ioredis';

import type { JobStatus } from '../contract/job.ts';
import { DEFAULT_TENANT, type Keys } from '../redis/keys.ts';
import { isWrongType } from '../redis/wrong-type.ts';
import { parsePayload, type JobPayload } from './job-payload.ts';
import { toJob, toJobState, type JobHash, type JobState } from './to-job.ts';

/** Reads jobs as the transports send them. Writes nothing. */
export class JobStore {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** The job's state, or `undefined` for an id nobody knows. */
  async read(id: string): Promise<JobState | undefined> {
    return (await this.readAll([id]))[0];
  }

  /**
   * Reads many jobs in one round trip.
   * @returns a state or `undefined` for each id, in the ids' order
   */
  async readAll(ids: readonly string[]): Promise<(JobState | undefined)[]> {
    if (ids.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    pipeline.get(this.#keys.history);
    for (const id of ids) pipeline.hgetall(this.#keys.job(id));
    const replies = (await pipeline.exec()) ?? [];
    const [history, ...hashes] = replies.map(([error, value], i) => {
      if (error && i > 0) return noJob(error);
      if (error) throw error;
      return value;
    });
    return (hashes as JobHash[]).map((hash, i) =>
      Object.keys(hash).length === 0
        ? undefined
        : toJobState({ ...hash, id: ids[i] as string }, (history as string | null) ?? ''),
    );
  }

  /** What is needed to run a job again; `payload` is absent where it makes no sense. */
  async readUpload(
    id: string,
  ): Promise<
    { status: JobStatus; run: number; tenant: string; payload: JobPayload | undefined } | undefined
  > {
    const hash = await this.#redis.hgetall(this.#keys.job(id)).catch(noJob);
    if (Object.keys(hash).length === 0) return undefined;
    const { status, run } = toJob(hash);
    const read = parsePayload(hash['payload']);
    return {
      status,
      run,
      tenant: hash['tenant'] ?? DEFAULT_TENANT,
      payload: read.ok ? read.payload : undefined,
    };
  }

  /** The ids of all jobs that are not terminal. */
  async activeIds(): Promise<string[]> {
    return this.#redis.smembers(this.#keys.active);
  }

  /** The name of the history that versions belong to; empty before the first job ever. */
  async history(): Promise<string> {
    return (await this.#redis.get(this.#keys.history)) ?? '';
  }
}

/** A key that another program made something else than a hash is no job of anybody's. @throws any other error */
function noJob(error: Error): JobHash {
  if (isWrongType(error)) return {};
  throw error;
}

import type { Redis } from 'ioredis';

import type { Keys } from '../redis/keys.ts';
import type { JobPayload } from './job-payload.ts';
import { loadScripts, type RunScript } from './scripts.ts';

/** The evidence by which an original may be deleted: its job or document has ended. */
export interface Tombstone {
  /** Empty where a document got another original. */
  jobId: string;
  fileKey: string;
  /** The entry as it is stored. */
  readonly entry: string;
}

/** A job whose tombstone is written anew, or looked for. */
export interface TombstoneOwner {
  job_id: string;
  payload: Pick<JobPayload, 'document_id' | 'file_key'>;
}

/** The tombstones that the scripts write which end jobs and documents. A sweep deletes no original without one. */
export class Tombstones {
  readonly #redis: Redis;
  readonly #run: RunScript;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#run = loadScripts(redis);
    this.#keys = keys;
  }

  /** Lists at most `count` that are due, whose job has ended and whose document does not own the file. */
  async due(count: number): Promise<Tombstone[]> {
    const { tombstones, jobPrefix, document } = this.#keys;
    const entries = (await this.#run(
      'due-tombstones',
      [tombstones],
      [count, jobPrefix, document('')],
    )) as string[];
    return entries.map((entry) => {
      const [jobId, , fileKey] = JSON.parse(entry) as [string, string, string];
      return { jobId, fileKey, entry };
    });
  }

  /** Forgets a tombstone: its original is deleted, or turned out to be another's. */
  async drop({ entry }: Tombstone): Promise<void> {
    await this.#redis.zrem(this.#keys.tombstones, entry);
  }

  /** Has a tombstone wait: its original cannot be deleted now. One that is gone meanwhile stays gone. */
  async putOff({ entry }: Tombstone, delayMs: number): Promise<void> {
    await this.#run('put-off-cleanup', [this.#keys.tombstones], [entry, delayMs]);
  }

  /** Writes a tombstone that Redis has lost, due in `delayMs`. One that exists stays, and so does an active job. */
  async write({ job_id, payload }: TombstoneOwner, delayMs: number): Promise<void> {
    const args = [job_id, payload.document_id ?? job_id, payload.file_key, delayMs];
    await this.#run('write-tombstone', [this.#keys.tombstones, this.#keys.job(job_id)], args);
  }

  /** Finds out which of these jobs' originals have a tombstone, due or not. */
  async has(owners: readonly TombstoneOwner[]): Promise<boolean[]> {
    if (owners.length === 0) return [];
    const args = owners.flatMap(({ job_id, payload }) => [
      job_id,
      payload.document_id ?? job_id,
      payload.file_key,
    ]);
    const found = (await this.#run('find-tombstones', [this.#keys.tombstones], args)) as number[];
    return found.map((one) => one === 1);
  }

  /** True while a backup runs: no original may be deleted then. */
  async paused(): Promise<boolean> {
    return (await this.#redis.exists(this.#keys.deletesPaused)) === 1;
  }
}

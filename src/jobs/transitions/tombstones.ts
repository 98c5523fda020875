import type { Redis } from 'ioredis';

import type { Keys } from '../../redis/keys.ts';
import type { JobPayload } from '../model/job-payload.ts';
import { loadScripts, type RunScript } from './load-scripts.ts';

/** Permits a sweep to delete an original: its job or document has ended. */
export interface Tombstone {
  /** Empty for a document's former original. */
  jobId: string;
  fileKey: string;
  /** The entry in its stored form. */
  readonly entry: string;
}

/** Names the job of a tombstone, and its original. */
export interface TombstoneOwner {
  job_id: string;
  payload: Pick<JobPayload, 'document_id' | 'file_key'>;
}

/**
 * Reads and writes tombstones. The scripts that end jobs and documents write them. A sweep deletes no original
 * without one.
 */
export class Tombstones {
  readonly #redis: Redis;
  readonly #run: RunScript;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
  }

  /** Lists at most `count` due tombstones whose job has ended and whose document does not own the file. */
  async due(count: number): Promise<Tombstone[]> {
    const entries = await this.#run('due-tombstones', { count });
    return entries.map((entry) => {
      const [jobId, , fileKey] = JSON.parse(entry) as [string, string, string];
      return { jobId, fileKey, entry };
    });
  }

  /** Removes a tombstone whose original is gone, or belongs to another job. */
  async drop({ entry }: Tombstone): Promise<void> {
    await this.#redis.zrem(this.#keys.tombstones, entry);
  }

  /** Postpones a tombstone whose original the caller cannot delete now. A tombstone that is gone meanwhile stays gone. */
  async putOff({ entry }: Tombstone, delayMs: number): Promise<void> {
    await this.#run('put-off-cleanup', { list_key: this.#keys.tombstones, entry, delay_ms: delayMs });
  }

  /**
   * Restores a tombstone that Redis has lost, due in `delayMs`. It leaves an existing one and an active job
   * unchanged.
   */
  async write({ job_id, payload }: TombstoneOwner, delayMs: number): Promise<void> {
    await this.#run('write-tombstone', {
      job_key: this.#keys.job(job_id),
      id: job_id,
      document_id: payload.document_id ?? job_id,
      file_key: payload.file_key,
      delay_ms: delayMs,
    });
  }

  /** Checks for each job whether its original has a tombstone, due or not. */
  async has(owners: readonly TombstoneOwner[]): Promise<boolean[]> {
    if (owners.length === 0) return [];
    const originals = owners.flatMap(({ job_id, payload }) => [
      job_id,
      payload.document_id ?? job_id,
      payload.file_key,
    ]);
    return this.#run('find-tombstones', { originals });
  }

  /** Returns whether a backup runs. No sweep may delete an original then. */
  async paused(): Promise<boolean> {
    return (await this.#redis.exists(this.#keys.deletesPaused)) === 1;
  }
}

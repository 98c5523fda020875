import type { Redis } from 'ioredis';

import type { Keys } from '../../redis/keys.ts';
import type { JobPayload } from '../model/job-payload.ts';
import { loadScripts, type RunScript } from './scripts.ts';

/** Brings back jobs that Redis has forgotten and that are not to run. */
export class JobRestoration {
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #ttlSeconds: number;

  /** @param ttlSeconds how long a job is kept once it has ended */
  constructor(redis: Redis, keys: Keys, ttlSeconds: number) {
    this.#run = loadScripts(redis);
    this.#keys = keys;
    this.#ttlSeconds = ttlSeconds;
  }

  /** Makes a job that is cancelled from the start; one that exists is left as it is. */
  async restoreCancelled(id: string, tenant: string, payload: JobPayload): Promise<void> {
    const { job, offset, epoch, recent, outcomes, tombstones } = this.#keys;
    const keys = [job(id), offset, epoch, recent, outcomes, tombstones];
    await this.#run('restore-cancelled', keys, [id, tenant, JSON.stringify(payload), this.#ttlSeconds]);
  }
}

import type { Redis } from 'ioredis';

import type { Keys } from '../../redis/keys.ts';
import type { JobPayload } from '../model/job-payload.ts';
import { loadScripts, type RunScript } from './load-scripts.ts';

/** Brings back jobs that Redis has forgotten and that are not to run. */
export class JobRestoration {
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #ttlSeconds: number;

  /** @param ttlSeconds how long a job is kept once it has ended */
  constructor(redis: Redis, keys: Keys, ttlSeconds: number) {
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
    this.#ttlSeconds = ttlSeconds;
  }

  /** Makes a job that is cancelled from the start; one that exists is left as it is. */
  async restoreCancelled(id: string, tenant: string, payload: JobPayload): Promise<void> {
    await this.#run('restore-cancelled', {
      job_key: this.#keys.job(id),
      id,
      tenant,
      payload: JSON.stringify(payload),
      ttl_seconds: this.#ttlSeconds,
    });
  }
}

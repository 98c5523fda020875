import type { Redis } from 'ioredis';

import type { Keys } from '../../redis/keys.ts';
import type { JobPayload } from '../model/job-payload.ts';
import { loadScripts, type RunScript } from './load-scripts.ts';

/** Restores jobs that Redis has lost and that must not run. */
export class JobRestoration {
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #ttlSeconds: number;

  /** @param ttlSeconds time that an ended job stays */
  constructor(redis: Redis, keys: Keys, ttlSeconds: number) {
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
    this.#ttlSeconds = ttlSeconds;
  }

  /** Makes a cancelled job. An existing job stays unchanged. */
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

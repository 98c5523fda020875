import { join } from 'node:path';

import { startTestRoles } from './roles.ts';
import { useBackends, useRedis, useRoles } from './use.ts';

/** Timeout for a busy machine. */
export const GENEROUS = { timeout: 50_000, interval: 50 };

/** Starts an api with all that ingests documents, except a worker. `startWorker` starts one over the same blob store. */
export function useIngestion() {
  const redis = useRedis();
  const backends = useBackends();
  const env = () => ({ ...backends.env, REDIS_URL: redis.url, LEASE_MS: '1500' });
  const api = useRoles(['api'], env);
  const startWorker = () => startTestRoles(['worker'], { ...env(), BLOB_STORE: join(api.dataDir, 'blobs') });
  return { redis, backends, env, api, startWorker };
}

import { Hono } from 'hono';
import type { Redis } from 'ioredis';

import { readStatistics } from '../../jobs/reads/job-statistics.ts';
import type { Keys } from '../../redis/keys.ts';

/** `GET /api/stats`: how the queue is doing. */
export function statisticsRoutes({ redis, keys }: { redis: Redis; keys: Keys }) {
  return new Hono().get('/api/stats', async (c) => c.json(await readStatistics(redis, keys)));
}

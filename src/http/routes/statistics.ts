import { Hono } from 'hono';
import type { Redis } from 'ioredis';

import { readStatistics } from '../../jobs/job-statistics.ts';
import type { Keys } from '../../redis/keys.ts';
import { toPrometheus } from '../prometheus.ts';

/** `GET /api/stats`, and the same for Prometheus at `GET /metrics`. */
export function statisticsRoutes({ redis, keys }: { redis: Redis; keys: Keys }) {
  return new Hono()
    .get('/api/stats', async (c) => c.json(await readStatistics(redis, keys)))
    .get('/metrics', async (c) => {
      const text = toPrometheus(await readStatistics(redis, keys));
      return c.text(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    });
}

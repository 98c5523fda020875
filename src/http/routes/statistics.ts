import { Hono } from 'hono';
import type { Redis } from 'ioredis';

import { readStatistics } from '../../jobs/reads/job-statistics.ts';
import type { Keys } from '../../redis/keys.ts';
import { ok } from '../openapi/parts.ts';
import type { Operations } from '../openapi/to-paths.ts';

/** Serves `GET /api/stats`: the statistics of the queue. */
export function statisticsRoutes({ redis, keys }: { redis: Redis; keys: Keys }) {
  return new Hono().get('/api/stats', async (c) => c.json(await readStatistics(redis, keys)));
}

/** Describes the route for OpenAPI. */
export const statisticsOperations: Operations = {
  'GET /api/stats': {
    operationId: 'getStats',
    summary: 'How the queue is doing',
    responses: ok('The statistics', 'Stats'),
    problems: ['queue_unavailable'],
  },
};

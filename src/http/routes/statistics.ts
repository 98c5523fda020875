import { Hono } from 'hono';

import { readStatistics } from '../../jobs/reads/job-statistics.ts';
import type { ApiServices } from '../api-services.ts';
import { ok } from '../openapi/parts.ts';
import type { Operations } from '../openapi/to-paths.ts';

/** Serves `GET /api/stats`: the statistics of the queue. */
export function statisticsRoutes({ redis, keys }: Pick<ApiServices, 'redis' | 'keys'>) {
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

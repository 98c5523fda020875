import { Hono } from 'hono';

import type { AccessEnvironment } from '../../../access/authorize-requests.ts';
import { AppError } from '../../../errors.ts';
import type { ApiServices } from '../../api-services.ts';
import { ok } from '../../openapi/parts.ts';
import type { Operations } from '../../openapi/to-paths.ts';

/** Serves `GET /api/jobs/{id}/timeline`. */
export function timelineRoutes({ store }: Pick<ApiServices, 'store'>) {
  return new Hono<AccessEnvironment>().get('/api/jobs/:id/timeline', async (c) => {
    const timeline = await store.readTimeline(c.get('principal').tenant, c.req.param('id'));
    if (!timeline) throw new AppError('job_not_found');
    return c.json(timeline, 200, { 'cache-control': 'no-cache' });
  });
}

/** Describes the route for OpenAPI. */
export const timelineOperations: Operations = {
  'GET /api/jobs/:id/timeline': {
    operationId: 'getJobTimeline',
    summary: 'What happened to a job, oldest first: the last 100 changes of status, stage or wait',
    responses: ok('The timeline', 'Timeline'),
    problems: ['job_not_found', 'queue_unavailable'],
  },
};

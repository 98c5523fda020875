import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import { AppError } from '../../errors.ts';
import { cancelUpload } from '../../uploads/cancel-upload.ts';
import { rerunUpload } from '../../uploads/rerun-upload.ts';
import { STORE_PROBLEMS, ok } from '../openapi/parts.ts';
import type { ApiServices } from '../api-services.ts';
import type { Operations } from '../openapi/to-paths.ts';

/** Serves the idempotent `POST /api/jobs/{id}/cancel` and `POST /api/jobs/{id}/retry`. */
export function jobControlRoutes(services: Pick<ApiServices, 'queue' | 'store' | 'blobs' | 'installation'>) {
  const respond = (json: string) => new Response(json, { headers: { 'content-type': 'application/json' } });
  return new Hono<AccessEnvironment>()
    .post('/api/jobs/:id/cancel', async (c) =>
      respond(await cancelUpload(c.get('principal').tenant, c.req.param('id'), services)),
    )
    .post('/api/jobs/:id/retry', async (c) => {
      const { tenant } = c.get('principal');
      const id = c.req.param('id');
      const before = await rerunUpload(tenant, id, services);
      if (before === 'completed') throw new AppError('job_not_failed', 'The job has completed.');
      const state = await services.store.read(tenant, id);
      if (!state) throw new AppError('job_not_found');
      return respond(state.json);
    });
}

/** Describes the routes for OpenAPI. */
export const jobControlOperations: Operations = {
  'POST /api/jobs/:id/cancel': {
    operationId: 'cancelJob',
    summary: 'Cancel a job that has not ended; one that is cancelled already stays so',
    responses: ok('The job: `failed`, with `cancelled` as its `error_code`', 'Job'),
    problems: ['job_not_found', 'job_has_ended', ...STORE_PROBLEMS],
  },
  'POST /api/jobs/:id/retry': {
    operationId: 'retryJob',
    summary: 'Run a failed or cancelled job again, or retry a waiting job now; an active job continues',
    responses: ok('The job, queued again or under way', 'Job'),
    problems: ['job_not_found', 'job_not_failed', 'file_gone', 'disk_full', ...STORE_PROBLEMS],
  },
};

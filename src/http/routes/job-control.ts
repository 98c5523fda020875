import { Hono, type Context } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import { JobSelectionSchema } from '../../contract/jobs.ts';
import { AppError } from '../../errors.ts';
import { CANCEL, RETRY, changeJobs } from '../../uploads/bulk-change.ts';
import { cancelUpload } from '../../uploads/cancel-upload.ts';
import { rerunUpload } from '../../uploads/rerun-upload.ts';
import { STORE_PROBLEMS, json, ok } from '../openapi/parts.ts';
import type { ApiServices } from '../api-services.ts';
import type { Operations } from '../openapi/to-paths.ts';
import { readJson } from '../validate.ts';

/** Largest selection of jobs, in bytes. One with the most and longest values takes some 60,000. */
const MAX_BODY_BYTES = 256 * 1024;

type ControlServices = Pick<ApiServices, 'redis' | 'keys' | 'queue' | 'store' | 'blobs' | 'installation'>;

/** Serves the idempotent `POST /api/jobs/{id}/cancel` and `POST /api/jobs/{id}/retry`, and both for many jobs. */
export function jobControlRoutes(services: ControlServices) {
  const respond = (json: string) => new Response(json, { headers: { 'content-type': 'application/json' } });
  const changeMany = async (c: Context<AccessEnvironment>, change: typeof RETRY) => {
    const selection = await readJson(c, JobSelectionSchema, MAX_BODY_BYTES);
    const { tenant } = c.get('principal');
    return c.json(await changeJobs(tenant, selection, change, services, c.req.raw.signal));
  };
  return new Hono<AccessEnvironment>()
    .post('/api/jobs/cancel', (c) => changeMany(c, CANCEL))
    .post('/api/jobs/retry', (c) => changeMany(c, RETRY))
    .post('/api/jobs/:id/cancel', async (c) => {
      const { state } = await cancelUpload(c.get('principal').tenant, c.req.param('id'), services);
      return respond(state.json);
    })
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

const SELECTION = {
  requestBody: { required: true, content: json('JobSelection') },
  responses: ok('Counts of the jobs, and those that failed', 'BulkResult'),
};
const REFUSALS = ['invalid_request', 'invalid_cursor', 'request_too_slow', 'body_too_large'] as const;

/** Describes the routes for OpenAPI. */
export const jobControlOperations: Operations = {
  'POST /api/jobs/cancel': {
    operationId: 'cancelJobs',
    summary: 'Cancel the jobs that match a filter and have not ended, newest first',
    ...SELECTION,
    problems: [...REFUSALS, ...STORE_PROBLEMS],
  },
  'POST /api/jobs/retry': {
    operationId: 'retryJobs',
    summary: 'Retry the failed, cancelled and waiting jobs that match a filter, oldest first',
    ...SELECTION,
    problems: [...REFUSALS, 'disk_full', ...STORE_PROBLEMS],
  },
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

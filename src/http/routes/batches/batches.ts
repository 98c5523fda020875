import { Hono, type Context } from 'hono';

import type { AccessEnvironment } from '../../../access/authorize-requests.ts';
import { BatchCancelSchema, BatchRetrySchema } from '../../../contract/batches/batch.ts';
import { MAX_CHANGED, type BulkResult } from '../../../contract/jobs.ts';
import { AppError } from '../../../errors.ts';
import { CANCEL, RETRY, changeJobs } from '../../../uploads/bulk-change.ts';
import type { ApiServices } from '../../api-services.ts';
import { STORE_PROBLEMS, json, ok } from '../../openapi/parts.ts';
import type { Operations } from '../../openapi/to-paths.ts';
import { readOptionalJson } from '../../validate.ts';

/** Largest body of a change, in bytes. One with the longest values takes some 7,000. */
const MAX_BODY_BYTES = 16 * 1024;

type BatchServices = Pick<
  ApiServices,
  'redis' | 'keys' | 'queue' | 'store' | 'blobs' | 'installation' | 'batches'
>;

/** Serves `GET /api/batches/{name}`, and the idempotent `POST /api/batches/{name}/cancel` and `/retry`. */
export function batchRoutes(services: BatchServices) {
  const read = async (c: Context<AccessEnvironment>, batch: string) => {
    const view = await services.batches.read(c.get('principal').tenant, batch);
    if (!view) throw new AppError('batch_not_found');
    return view;
  };
  const change = async (
    c: Context<AccessEnvironment>,
    batch: string,
    how: typeof CANCEL,
    { error_code, cursor }: { error_code?: string | undefined; cursor?: string | undefined },
  ): Promise<BulkResult> => {
    await read(c, batch);
    const filter = { batch, ...(error_code !== undefined && { error_code: [error_code] }) };
    const selection = { ...filter, limit: MAX_CHANGED, cursor };
    return changeJobs(c.get('principal').tenant, selection, how, services, c.req.raw.signal);
  };
  return new Hono<AccessEnvironment>()
    .get('/api/batches/:name', async (c) => c.json(await read(c, c.req.param('name'))))
    .post('/api/batches/:name/cancel', async (c) => {
      const asked = await readOptionalJson(c, BatchCancelSchema, MAX_BODY_BYTES);
      return c.json(await change(c, c.req.param('name'), CANCEL, asked));
    })
    .post('/api/batches/:name/retry', async (c) => {
      const asked = await readOptionalJson(c, BatchRetrySchema, MAX_BODY_BYTES);
      return c.json(await change(c, c.req.param('name'), RETRY, asked));
    });
}

const CHANGED = ok('Counts of the jobs, and those that failed', 'BulkResult');
const REFUSALS = [
  'batch_not_found',
  'invalid_request',
  'invalid_cursor',
  'request_too_slow',
  'body_too_large',
] as const;

/** Describes the routes for OpenAPI. */
export const batchOperations: Operations = {
  'GET /api/batches/:name': {
    operationId: 'getBatch',
    summary: 'The jobs of a batch in numbers',
    responses: ok('The batch', 'Batch'),
    problems: ['batch_not_found', 'queue_unavailable'],
  },
  'POST /api/batches/:name/cancel': {
    operationId: 'cancelBatch',
    summary: 'Cancel the jobs of a batch that have not ended, newest first; 1,000 at most',
    requestBody: { content: json('BatchCancel') },
    responses: CHANGED,
    problems: [...REFUSALS, ...STORE_PROBLEMS],
  },
  'POST /api/batches/:name/retry': {
    operationId: 'retryBatch',
    summary:
      'Retry the failed, cancelled and waiting jobs of a batch, or those with one code, oldest first; 1,000 at most',
    requestBody: { content: json('BatchRetry') },
    responses: CHANGED,
    problems: [...REFUSALS, 'disk_full', ...STORE_PROBLEMS],
  },
};

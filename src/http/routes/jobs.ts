import { Hono } from 'hono';
import type { Redis } from 'ioredis';

import { JobQuerySchema } from '../../contract/jobs.ts';
import { AppError } from '../../errors.ts';
import { listJobs } from '../../jobs/job-list.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import type { Keys } from '../../redis/keys.ts';
import { readQuery } from '../validate.ts';

/** What the documented client polls with: every 2 seconds. */
const POLL_SECONDS = '2';

/** `GET /api/jobs`, `GET /api/jobs/{id}` and its two documented aliases. */
export function jobRoutes(services: { redis: Redis; keys: Keys; store: JobStore }) {
  const { store } = services;
  const routes = new Hono();
  routes.get('/api/jobs', async (c) => {
    const { states, nextCursor } = await listJobs(readQuery(c, JobQuerySchema), services);
    // Put together by hand: the list carries the same bytes of a job as everything else.
    const next = nextCursor === undefined ? '' : `,"next_cursor":${JSON.stringify(nextCursor)}`;
    const body = `{"jobs":[${states.map(({ json }) => json).join(',')}]${next}}`;
    return c.body(body, 200, { 'content-type': 'application/json' });
  });
  for (const path of ['/api/jobs/:id', '/api/jobs/:id/status', '/jobs/:id/status'] as const) {
    routes.get(path, async (c) => {
      const state = await store.read(c.req.param('id'));
      if (!state) throw new AppError('job_not_found');
      const etag = `"${state.history}-${state.version}"`;
      const headers: Record<string, string> = { etag, 'cache-control': 'no-cache' };
      if (!state.terminal) headers['retry-after'] = POLL_SECONDS;
      if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
      return c.body(state.json, 200, { ...headers, 'content-type': 'application/json' });
    });
  }
  return routes;
}

import { Hono } from 'hono';

import { AppError } from '../../errors.ts';
import type { JobStore } from '../../jobs/job-store.ts';

/** What the documented client polls with: every 2 seconds. */
const POLL_SECONDS = '2';

/** `GET /api/jobs/{id}` and its two documented aliases. */
export function jobRoutes(store: JobStore) {
  const routes = new Hono();
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

import { Hono } from 'hono';

import type { Settings } from '../../contract/settings.ts';
import { ok } from '../openapi/parts.ts';
import type { Operations } from '../openapi/to-paths.ts';

/** Serves `GET /api/settings`. */
export function settingsRoutes(settings: Settings) {
  return new Hono().get('/api/settings', (c) => c.json(settings));
}

/** Describes the route for OpenAPI. */
export const settingsOperations: Operations = {
  'GET /api/settings': {
    operationId: 'getSettings',
    summary: 'What the web page needs to know',
    responses: ok('The settings', 'Settings'),
    problems: ['queue_unavailable'],
  },
};

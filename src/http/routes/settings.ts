import { Hono } from 'hono';

import type { Settings } from '../../contract/settings.ts';
import { json, problems } from '../openapi/parts.ts';

/** Serves `GET /api/settings`. */
export function settingsRoutes(settings: Settings) {
  return new Hono().get('/api/settings', (c) => c.json(settings));
}

/** Describes the route for OpenAPI. */
export const settingsPaths = {
  '/api/settings': {
    get: {
      operationId: 'getSettings',
      summary: 'What the web page needs to know',
      responses: {
        200: { description: 'The settings', content: json('Settings') },
        ...problems('queue_unavailable'),
      },
    },
  },
};

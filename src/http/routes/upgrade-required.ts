import { Hono } from 'hono';

import { AppError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { toProblemResponse } from '../problem.ts';

/** `/ws` without an upgrade: a proxy in between has dropped the headers, or the client is none. */
export function upgradeRequiredRoutes(logger: Logger) {
  return new Hono().all('/ws', () => {
    const detail =
      'Connect with a WebSocket. A proxy in between must pass the headers Upgrade and Connection on.';
    const response = toProblemResponse(new AppError('upgrade_required', detail), logger);
    response.headers.set('upgrade', 'websocket');
    response.headers.set('connection', 'upgrade');
    return response;
  });
}

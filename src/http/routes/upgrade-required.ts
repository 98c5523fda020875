import { Hono } from 'hono';

import { AppError } from '../../errors.ts';
import type { Logger } from '../../logging/logger.ts';
import { toProblemResponse } from '../problem.ts';

/** Refuses `/ws` without an upgrade. A proxy dropped the headers, or the client does not speak WebSocket. */
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

import { Hono } from 'hono';

import type { Access } from '../../access/access.ts';
import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import type { Ticket } from '../../contract/messages.ts';
import { ok } from '../openapi/parts.ts';
import type { Operations } from '../openapi/to-paths.ts';

/** Serves `POST /api/ws-ticket`: makes a ticket for one socket or event stream. Browsers cannot send a header with either. */
export function ticketRoutes(access: Access) {
  return new Hono<AccessEnvironment>().post('/api/ws-ticket', async (c) => {
    const ticket: Ticket = { ticket: await access.makeTicket(c.get('principal')) };
    return c.json(ticket, 200, { 'cache-control': 'no-store' });
  });
}

/** Describes the route for OpenAPI. */
export const ticketOperations: Operations = {
  'POST /api/ws-ticket': {
    operationId: 'makeTicket',
    summary: 'A ticket that opens one socket (/ws?ticket=) or event stream within 30 s, once',
    responses: ok('The ticket', 'Ticket'),
    problems: ['queue_unavailable'],
  },
};

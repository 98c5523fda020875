import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import { isAllowed } from '../../access/principal.ts';
import { EventQuerySchema, JobIdsSchema } from '../../contract/jobs.ts';
import { PROTOCOL_VERSION, type ServerMessage } from '../../contract/messages.ts';
import { AppError } from '../../errors.ts';
import type { ApiOptions, ApiServices } from '../api-services.ts';
import { header, query } from '../openapi/parts.ts';
import type { Operations } from '../openapi/to-paths.ts';
import { readQuery } from '../validate.ts';
import { JobStream } from './job-stream.ts';
import { parsePosition } from './position.ts';

/** Longest silence, in ms. A client gives a stream up that is silent for twice as long. */
const QUIET_MS = 4000;
const RECONNECT_MS = 2000;

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // Makes a buffering proxy pass each event on at once.
  'x-accel-buffering': 'no',
};

/**
 * Serves `GET /api/events`: many jobs, or all active ones, as one stream of server-sent events, for networks that block
 * WebSockets. Each event's data is a message of the WebSocket protocol.
 */
export function eventRoutes(
  { access, feed, closing, limiter }: Pick<ApiServices, 'access' | 'feed' | 'closing' | 'limiter'>,
  { clientOf }: Pick<ApiOptions, 'clientOf'>,
) {
  return new Hono<AccessEnvironment>().get('/api/events', (c) => {
    const { jobs: ids = [], channel, lastEventId } = readQuery(c, EventQuerySchema);
    const principal = c.get('principal');
    if (channel && !isAllowed(principal, 'dashboard'))
      throw new AppError('forbidden', 'The channel active needs the scope dashboard.');
    // A HEAD request has no reader who could end the stream.
    if (c.req.method === 'HEAD') return c.body(null, 200, HEADERS);
    const leave = limiter.stream(clientOf(c.env.incoming, principal));
    const since = parsePosition(c.req.header('last-event-id') ?? lastEventId);
    const jobs = new JobStream(feed, principal.tenant, { ids, active: channel !== undefined, since });
    const end = () => {
      for (const signal of [closing, c.req.raw.signal]) signal.removeEventListener('abort', end);
      jobs.end();
      leave();
    };
    for (const signal of [closing, c.req.raw.signal]) signal.addEventListener('abort', end);
    if (closing.aborted || c.req.raw.signal.aborted) end();
    const encoder = new TextEncoder();
    const welcome: ServerMessage = {
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      epoch: feed.epoch,
      offset: feed.offset,
      heartbeat_ms: QUIET_MS,
      features: ['jobs', 'active', 'since'],
    };
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) =>
        controller.enqueue(encoder.encode(`retry: ${RECONNECT_MS}\n\ndata: ${JSON.stringify(welcome)}\n\n`)),
      async pull(controller) {
        const event = await jobs.next(QUIET_MS);
        // After a revocation, the stream ends at the next event or comment.
        if (jobs.ended || !access.isValid(principal)) {
          if (!jobs.ended) end();
          return controller.close();
        }
        controller.enqueue(encoder.encode(event ?? ':\n\n'));
      },
      cancel: () => {
        if (!jobs.ended) end();
      },
    });
    return c.body(stream, 200, HEADERS);
  });
}

/** Describes the route for OpenAPI. */
export const eventOperations: Operations = {
  'GET /api/events': {
    operationId: 'followJobs',
    summary: 'Many jobs, or all active ones, as one stream of server-sent events',
    parameters: [...query(EventQuerySchema, { jobs: JobIdsSchema }), header('Last-Event-ID')],
    responses: {
      200: {
        description: "Each event's data is a message of the WebSocket protocol",
        content: { 'text/event-stream': {} },
      },
    },
    problems: ['invalid_request', 'queue_unavailable'],
  },
};

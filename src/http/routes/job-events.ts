import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import { JobEventQuerySchema } from '../../contract/jobs.ts';
import { AppError } from '../../errors.ts';
import { JobChanges, versionTag } from '../job-changes.ts';
import type { ApiOptions, ApiServices } from '../api-services.ts';
import { header, query } from '../openapi/parts.ts';
import { readQuery } from '../validate.ts';
import type { Operations } from '../openapi/to-paths.ts';

const RECONNECT_MS = 2000;

/**
 * Serves `GET /api/jobs/{id}/events`: the job as server-sent events, for networks that block WebSockets. A slow client gets
 * the latest state, not every state. The stream ends after the terminal state. A client that returns with that state's
 * `Last-Event-ID` gets 204, because nothing more will come.
 * @param heartbeatMs interval of empty comment lines. They show proxies and clients that the connection lives
 */
export function jobEventRoutes(
  {
    access,
    feed,
    store,
    closing,
    limiter,
  }: Pick<ApiServices, 'access' | 'feed' | 'store' | 'closing' | 'limiter'>,
  { heartbeatMs, clientOf }: Pick<ApiOptions, 'heartbeatMs' | 'clientOf'>,
) {
  return new Hono<AccessEnvironment>().get('/api/jobs/:id/events', async (c) => {
    const { lastEventId } = readQuery(c, JobEventQuerySchema);
    const id = c.req.param('id');
    const principal = c.get('principal');
    const changes = new JobChanges(feed, principal.tenant, id, [c.req.raw.signal, closing]);
    const state = await store.read(principal.tenant, id).catch((error: unknown) => {
      changes.end();
      throw error;
    });
    let tag = c.req.header('last-event-id') ?? lastEventId;
    if (!state || (state.terminal && versionTag(state) === tag)) {
      changes.end();
      if (state) return c.body(null, 204);
      throw new AppError('job_not_found');
    }
    const headers = {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      // Makes a buffering proxy pass each event on at once.
      'x-accel-buffering': 'no',
    };
    if (c.req.method === 'HEAD') {
      // A HEAD request has no reader who could end the stream.
      changes.end();
      return c.body(null, 200, headers);
    }
    let leave: () => void;
    try {
      leave = limiter.stream(clientOf(c.env.incoming, principal));
    } catch (error) {
      changes.end();
      throw error;
    }
    changes.offer(state);
    const end = () => {
      changes.end();
      leave();
    };
    const encoder = new TextEncoder();
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(encoder.encode(`retry: ${RECONNECT_MS}\n\n`)),
      async pull(controller) {
        const next = await changes.after(tag, heartbeatMs);
        // After a revocation, the stream ends at the next event or heartbeat.
        if (!access.isValid(principal)) changes.end();
        if (next === 'unchanged' && !changes.ended) return controller.enqueue(encoder.encode(':\n\n'));
        if (typeof next !== 'string' && access.isValid(principal)) {
          tag = versionTag(next);
          controller.enqueue(encoder.encode(`id: ${tag}\ndata: ${next.json}\n\n`));
          if (!next.terminal) return;
        }
        end();
        controller.close();
      },
      cancel: end,
    });
    return c.body(stream, 200, headers);
  });
}

/** Describes the route for OpenAPI. */
export const jobEventOperations: Operations = {
  'GET /api/jobs/:id/events': {
    operationId: 'followJob',
    summary: 'The job as server-sent events, until it has ended',
    parameters: [...query(JobEventQuerySchema), header('Last-Event-ID')],
    responses: {
      200: { description: "Each event's data is the job", content: { 'text/event-stream': {} } },
      204: { description: 'The state named in Last-Event-ID was the last' },
    },
    problems: ['job_not_found', 'queue_unavailable'],
  },
};

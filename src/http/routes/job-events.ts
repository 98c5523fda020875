import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import { JobEventQuerySchema } from '../../contract/jobs.ts';
import { AppError } from '../../errors.ts';
import type { StreamPosition } from '../../jobs/model/job-event.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import type { JobStore } from '../../jobs/reads/job-store.ts';
import { JobChanges, versionTag } from '../job-changes.ts';
import type { ApiOptions, ApiServices } from '../api-services.ts';
import { header, query } from '../openapi/parts.ts';
import { parsePosition } from '../events/position.ts';
import { readQuery } from '../validate.ts';
import type { Operations } from '../openapi/to-paths.ts';

const RECONNECT_MS = 2000;

/**
 * Serves `GET /api/jobs/{id}/events`: the job as server-sent events, for networks that block WebSockets. A slow client gets
 * the latest state, not every state. The stream ends after the terminal state. An event's id is a position of the protocol. A
 * client that returns with its `Last-Event-ID` gets the state only if the job has changed since. If the job had ended, it
 * gets 204, because nothing more will come.
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
    // The read state includes every event that the feed has passed on before.
    const before: StreamPosition = { epoch: feed.epoch, offset: feed.offset };
    const returns = parsePosition(c.req.header('last-event-id') ?? lastEventId);
    const read = async () => {
      const found = await store.read(principal.tenant, id);
      if (found && found.epoch === before.epoch) found.offset = before.offset;
      return { state: found, isKnown: found !== undefined && (await hasState(store, found, returns)) };
    };
    const { state, isKnown } = await read().catch((error: unknown) => {
      changes.end();
      throw error;
    });
    let tag = state && isKnown ? versionTag(state) : undefined;
    if (!state || (state.terminal && isKnown)) {
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
          const position = `${next.epoch}:${next.offset}`;
          controller.enqueue(encoder.encode(`id: ${position}\ndata: ${next.json}\n\n`));
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

/** Returns whether a client that had everything up to a position has a state that was read since. */
async function hasState(
  store: JobStore,
  { id, epoch }: JobState,
  since: StreamPosition | undefined,
): Promise<boolean> {
  if (since?.epoch !== epoch) return false;
  const changed = await store.changes.among([id], since.offset);
  return changed !== undefined && !changed.has(id);
}

/** Describes the route for OpenAPI. */
export const jobEventOperations: Operations = {
  'GET /api/jobs/:id/events': {
    operationId: 'followJob',
    summary: 'The job as server-sent events, until it has ended',
    parameters: [...query(JobEventQuerySchema), header('Last-Event-ID')],
    responses: {
      200: { description: "Each event's data is the job", content: { 'text/event-stream': {} } },
      204: { description: 'The job had ended at the position in Last-Event-ID' },
    },
    problems: ['job_not_found', 'queue_unavailable'],
  },
};

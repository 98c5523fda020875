import { createHash } from 'node:crypto';
import { Hono, type Context } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import {
  JOB_FILTER_LISTS,
  JobIdsSchema,
  JobQuerySchema,
  JobWaitSchema,
  NamedJobsQuerySchema,
} from '../../contract/jobs.ts';
import { AppError } from '../../errors.ts';
import { countJobs } from '../../jobs/reads/job-count.ts';
import { listJobs } from '../../jobs/reads/job-list.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import type { ApiServices } from '../api-services.ts';
import { JobChanges, versionTag } from '../job-changes.ts';
import { ignoredHeader } from '../unknown-names/ignored-header.ts';
import { readQuery, readTolerantQuery } from '../validate.ts';
import { IGNORED, header, json, query } from '../openapi/parts.ts';
import type { Operations } from '../openapi/to-paths.ts';

/** Interval of the documented client's polls, in seconds. */
const POLL_SECONDS = '2';

/** Hex digits of the hash in the tag of many jobs. */
const TAG_DIGITS = 16;

/** Long polls end when `closing` aborts. */
type JobRouteServices = Pick<ApiServices, 'redis' | 'keys' | 'store' | 'feed' | 'reader' | 'closing'>;

/**
 * Serves `GET /api/jobs`, `GET /api/jobs/{id}` and its two documented aliases.
 * @param heartbeatMs longest wait of a long poll, in ms, because a proxy may cut a response that has not begun
 */
export function jobRoutes(services: JobRouteServices, heartbeatMs: number) {
  const routes = new Hono<AccessEnvironment>();
  routes.get('/api/jobs', async (c) => {
    const { tenant } = c.get('principal');
    if (c.req.query('ids') !== undefined) return namedJobs(c, tenant, services);
    const asked = readQuery(c, JobQuerySchema);
    const { states, nextCursor } = await listJobs(tenant, asked, services);
    const counted = asked.total ? await countJobs(tenant, asked, services, c.req.raw.signal) : undefined;
    // Joins the stored JSON, because every transport sends the same bytes of a job.
    const next = nextCursor === undefined ? '' : `,"next_cursor":${JSON.stringify(nextCursor)}`;
    const total = counted ? `,"${counted.isExact ? 'total' : 'total_at_least'}":${counted.count}` : '';
    const body = `{"jobs":[${states.map(({ json }) => json).join(',')}]${next}${total}}`;
    return c.body(body, 200, { 'content-type': 'application/json' });
  });
  for (const path of ['/api/jobs/:id', '/api/jobs/:id/status', '/jobs/:id/status'] as const) {
    routes.get(path, async (c) => {
      const {
        query: { wait },
        ignored,
      } = readTolerantQuery(c, JobWaitSchema);
      const known = tagsIn(c.req.header('if-none-match'));
      const id = c.req.param('id');
      let state = await services.reader.read(c.get('principal').tenant, id);
      if (state && wait > 0 && !state.terminal && names(known, state))
        state = await change(state, Math.min(wait * 1000, heartbeatMs), c.req.raw.signal, services);
      if (!state) throw new AppError('job_not_found');
      const headers: Record<string, string> = {
        etag: `"${versionTag(state)}"`,
        'cache-control': 'no-cache',
        ...ignoredHeader(ignored),
      };
      if (!state.terminal) headers['retry-after'] = POLL_SECONDS;
      if (names(known, state)) return c.body(null, 304, headers);
      return c.body(state.json, 200, { ...headers, 'content-type': 'application/json' });
    });
  }
  return routes;
}

/**
 * Responds with the jobs that a request names, in its order. A client polls many jobs in one request. So it gets 304 while
 * none has changed.
 */
async function namedJobs(
  c: Context<AccessEnvironment>,
  tenant: string,
  { store }: Pick<JobRouteServices, 'store'>,
): Promise<Response> {
  const { ids } = readQuery(c, NamedJobsQuerySchema);
  const read = await store.readAll(ids);
  const states = read.filter((state) => state?.tenant === tenant) as JobState[];
  const epoch = states[0]?.epoch ?? (await store.epoch());
  const hash = createHash('sha256');
  for (const { id, version } of states) hash.update(`${id} ${version}\n`);
  const tag = `${epoch}-${hash.digest('hex').slice(0, TAG_DIGITS)}`;
  const headers = { etag: `"${tag}"`, 'cache-control': 'no-cache' };
  if (tagsIn(c.req.header('if-none-match')).includes(tag)) return c.body(null, 304, headers);
  const body = `{"jobs":[${states.map(({ json }) => json).join(',')}]}`;
  return c.body(body, 200, { ...headers, 'content-type': 'application/json' });
}

/** Waits for another state than `state`. @returns `state` after `waitMs`; `undefined` for a job that has gone */
async function change(
  state: JobState,
  waitMs: number,
  gone: AbortSignal,
  { feed, store, closing }: JobRouteServices,
): Promise<JobState | undefined> {
  const changes = new JobChanges(feed, state.tenant, state.id, [gone, closing]);
  try {
    // The job may have changed between the first read and the watch.
    const now = await store.read(state.tenant, state.id);
    if (!now) return undefined;
    changes.offer(now);
    const changed = await changes.after(versionTag(state), waitMs);
    if (changed === 'forgotten') return undefined;
    return changed === 'unchanged' ? state : changed;
  } finally {
    changes.end();
  }
}

/** Parses the tags of an `If-None-Match`. A proxy may have made them weak. */
function tagsIn(header = ''): string[] {
  return header.split(',').map((tag) => tag.trim().replace(/^W\//, '').replace(/^"|"$/g, ''));
}

function names(tags: readonly string[], state: JobState): boolean {
  return tags.includes('*') || tags.includes(versionTag(state));
}

function jobRead(operationId: string): Operations[string] {
  const tag = { ETag: { schema: { type: 'string' } }, 'Retry-After': { schema: { type: 'integer' } } };
  return {
    operationId,
    summary: 'What a job is now',
    parameters: [...query(JobWaitSchema), header('If-None-Match')],
    responses: {
      200: { description: 'The job', headers: { ...tag, ...IGNORED }, content: json('Job') },
      304: {
        description: 'Not changed since the ETag in If-None-Match, for `wait` seconds or HEARTBEAT_MS',
        headers: { ...tag, ...IGNORED },
      },
    },
    problems: ['invalid_request', 'job_not_found', 'queue_unavailable'],
  };
}

/** Describes the routes for OpenAPI. */
export const jobOperations: Operations = {
  'GET /api/jobs': {
    operationId: 'listJobs',
    summary: 'The jobs, newest first unless sorted otherwise; all filters must match',
    parameters: [
      ...query(JobQuerySchema, JOB_FILTER_LISTS),
      ...query(NamedJobsQuerySchema, { ids: JobIdsSchema }),
      header('If-None-Match'),
    ],
    responses: {
      200: {
        description:
          'One page, or the jobs that `ids` names, in its order; these with a tag of epoch and versions',
        headers: { ETag: { schema: { type: 'string' } } },
        content: json('JobList'),
      },
      304: { description: 'The jobs that `ids` names have not changed since the ETag in If-None-Match' },
    },
    problems: ['invalid_request', 'invalid_cursor', 'queue_unavailable'],
  },
  'GET /api/jobs/:id': jobRead('getJob'),
  'GET /api/jobs/:id/status': jobRead('getJobStatus'),
  'GET /jobs/:id/status': jobRead('getJobStatusShort'),
};

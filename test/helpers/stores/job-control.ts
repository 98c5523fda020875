import { afterEach, beforeAll } from 'vitest';

import type { UploadAccepted } from '../../../src/contract/upload.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import type { TestRedis } from '../servers/redis.ts';
import type { TestRoles } from '../servers/roles.ts';
import { useRedis, useRoles } from '../servers/use.ts';

export const keys = createKeys();

export const options = { leaseMs: 30_000, maxRetries: 3, maxStalls: 10, ttlSeconds: 500 };

export let redis: TestRedis;

export let api: TestRoles;

export let queue: JobQueue;

/** Registers a Redis and an api for a file; each test leaves Redis empty. @param env more settings of the api */
export function useJobControl(env: Record<string, string> = {}): void {
  redis = useRedis();
  api = useRoles(['api'], () => ({ REDIS_URL: redis.url, JOB_TTL_SECONDS: '500', ...env }));
  beforeAll(() => {
    queue = new JobQueue(redis.client, keys, options);
  });
  afterEach(() => redis.client.flushall());
}

export async function upload(
  text = 'hello',
  headers: Record<string, string> = {},
  fields: Record<string, string> = {},
) {
  const body = new FormData();
  body.append('file', new File([text], 'a.txt'));
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return fetch(`${api.url}/api/documents/upload`, { method: 'POST', body, headers });
}

let uploads = 0;

/** Uploads a text of its own. @returns the job's id */
export async function accepted(): Promise<string> {
  return ((await (await upload(`text ${uploads++}`)).json()) as UploadAccepted).job_id;
}

export const post = (path: string) => fetch(api.url + path, { method: 'POST' });

/** Posts a JSON body. @returns the status and the parsed response */
export async function postJson(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(api.url + path, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

export const get = async <T>(path: string) => (await (await fetch(api.url + path)).json()) as T;

export async function claim() {
  const { jobs } = await queue.claim(1);
  return jobs[0]!;
}

/** Cancels a job as older versions did: `cancelled` was a status. */
export async function cancelAsBefore(id: string): Promise<void> {
  await post(`/api/jobs/${id}/cancel`);
  await redis.client.hset(keys.job(id), 'status', 'cancelled');
  await redis.client.hdel(keys.job(id), 'error', 'error_code');
}

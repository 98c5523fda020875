import { beforeAll, expect, test } from 'vitest';

import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { untilReady } from '../../helpers/servers/roles.ts';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const keys = createKeys();
let queue: JobQueue;

const redis = useRedis();
const api = useRoles(['api', 'gateway'], () => ({ REDIS_URL: redis.url }));

beforeAll(async () => {
  await untilReady(api.url);
  const options = { leaseMs: 30_000, maxRetries: 3, maxStalls: 10, ttlSeconds: 500 };
  queue = new JobQueue(redis.client, keys, options);
  const payload = { filename: 'a', collection: 'default', file_key: 'other/a' } as JobPayload;
  await queue.enqueue('theirs', 'other', payload);
  await queue.enqueue('ours', 'default', payload);
});

test.each(['', '/status', '?wait=1', '/events'])(
  'a job of another tenant is unknown to GET …%s',
  async (end) => {
    for (let i = 0; i < 6; i++) expect((await fetch(`${api.url}/api/jobs/theirs${end}`)).status).toBe(404);
  },
);

test.each(['cancel', 'retry'])(
  'a job of another tenant is unknown to %s, and stays as it is',
  async (verb) => {
    const before = await redis.client.hgetall(keys.job('theirs'));
    const response = await fetch(`${api.url}/api/jobs/theirs/${verb}`, { method: 'POST' });
    expect(response.status).toBe(404);
    expect(await redis.client.hgetall(keys.job('theirs'))).toEqual(before);
  },
);

test.each(['', '?status=queued', '?sort=oldest&filename=a'])(
  'the list %s shows and counts only jobs of the own tenant',
  async (query) => {
    const path = `/api/jobs${query}${query ? '&' : '?'}total=true`;
    const { jobs, total } = (await (await fetch(api.url + path)).json()) as {
      jobs: { id: string }[];
      total: number;
    };
    expect([jobs.map(({ id }) => id), total]).toEqual([['ours'], 1]);
  },
);

test('a socket shows only jobs of the own tenant, by id and as a dashboard, read or pushed', async () => {
  const client = new TestClient(`${api.url}/ws`);
  await client.opened;
  client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['theirs', 'ours'] });
  client.send({ type: 'subscribe', id: 2, channel: 'active' });
  await expect.poll(() => client.of('snapshot').length).toBe(2);
  await expect.poll(() => client.of('error')).toMatchObject([{ id: 1, code: 'job_not_found' }]);
  await queue.cancel('theirs');
  await queue.cancel('ours');
  await expect.poll(() => client.states('ours').at(-1)?.status).toBe('failed');
  expect(client.states('theirs')).toEqual([]);
  client.socket.terminate();
});

test.each(['cancel', 'retry'])(
  'a call that should %s all jobs leaves those of another tenant',
  async (verb) => {
    const payload = { filename: 'a', collection: 'default', file_key: 'other/b' } as JobPayload;
    for (const id of ['queued', 'cancelled']) await queue.enqueue(id, 'other', payload);
    await queue.cancel('cancelled');
    const read = () => Promise.all(['queued', 'cancelled'].map((id) => redis.client.hgetall(keys.job(id))));
    const before = await read();
    const body = JSON.stringify({ all: true });
    expect((await fetch(`${api.url}/api/jobs/${verb}`, { method: 'POST', body })).status).toBe(200);
    expect(await read()).toEqual(before);
  },
);

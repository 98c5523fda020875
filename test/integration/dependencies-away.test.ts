import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { JobQueue } from '../../src/jobs/job-queue.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { startTestRoles, type TestRoles } from '../helpers/roles.ts';

let redis: TestRedis;
let api: TestRoles;

beforeAll(async () => {
  redis = await startRedis();
  api = await startTestRoles(['api'], { REDIS_URL: redis.url });
});
afterAll(async () => {
  await api.close();
  await redis.close();
});

async function upload(url = api.url): Promise<Response> {
  const body = new FormData();
  body.append('file', new File(['hello'], 'a.txt'));
  return fetch(`${url}/api/documents/upload`, { method: 'POST', body });
}
async function expectRefused(answer: Response, code: string): Promise<void> {
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await readdir(join(api.dataDir, 'blobs', 'default')).catch(() => [])).toEqual([]);
}

/** A refused upload leaves no job, also where Redis makes one before it hears of the refusal. */
async function expectNoJob(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (const pattern of ['job:*', 'queue:*', 'jobs:active', 'jobs:recent']) {
    expect(await redis.client.keys(pattern)).toEqual([]);
  }
}

test('while Redis is down uploads are refused and leave nothing, and go on by themselves when it is back', async () => {
  await redis.kill();
  await expectRefused(await upload(), 'queue_unavailable');
  expect((await fetch(`${api.url}/api/jobs/any`)).status).toBe(503);
  expect((await fetch(`${api.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
  await redis.start();
  await expect.poll(async () => (await fetch(`${api.url}/readyz`)).status, { timeout: 10_000 }).toBe(200);
  await expectNoJob();
});

test('while Redis does not answer an upload is refused in seconds', async () => {
  process.kill(redis.pid(), 'SIGSTOP');
  const answer = await upload();
  process.kill(redis.pid(), 'SIGCONT');
  await expectRefused(answer, 'queue_unavailable');
  await expectNoJob();
});

test("while Redis' memory is full nothing is taken in, but what runs can end", async () => {
  await redis.client.flushall();
  const queue = new JobQueue(redis.client, createKeys(), {
    leaseMs: 30_000,
    maxRetries: 3,
    maxStalls: 10,
    ttlSeconds: 500,
  });
  const payload = {
    filename: 'a',
    file_key: 'default/a',
    collection: 'papers',
    chunking_strategy: 'fixed',
    chunk_size: 512,
    chunk_overlap: 0,
    metadata: {},
  } as const;
  for (const id of ['completes', 'fails', 'waits']) await queue.enqueue(id, 'default', payload);
  await redis.client.config('SET', 'maxmemory', '1mb');
  await expectRefused(await upload(), 'queue_unavailable');
  const { jobs } = await queue.claim(2);
  const [completes, fails] = jobs;
  expect(await queue.renew(jobs)).toEqual([]);
  expect(await queue.progress(completes!, { progress: 60, message: 'x', stage: 'embed', counts: {} })).toBe(
    true,
  );
  const document = {
    documentId: 'completes',
    tenant: 'default',
    collection: 'papers',
    chunkCount: 1,
    fields: { id: 'completes' },
  };
  expect(await queue.complete(completes!, document)).toBe(true);
  expect(await queue.fail(fails!, { message: 'x', error: 'x', errorCode: 'x' })).toBe(true);
  expect(await queue.cancel('waits')).toBe('queued');
  await redis.client.config('SET', 'maxmemory', '0');
});

test('while the disk takes nothing uploads are refused', async () => {
  const other = await startTestRoles(['api'], {
    REDIS_URL: redis.url,
    BLOB_STORE: join(api.dataDir, 'other'),
  });
  await writeFile(join(api.dataDir, 'other', 'default'), 'stands where the folder should be');
  await expectRefused(await upload(other.url), 'storage_unavailable');
  await other.close();
});

test('a Redis that is set up to forget is warned of', async () => {
  await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await redis.client.config('SET', 'appendonly', 'no');
  const other = await startTestRoles(['api'], { REDIS_URL: redis.url });
  await expect.poll(() => other.logger.lines.join('\n')).toMatch(/maxmemory-policy[\s\S]*appendonly/);
  await other.close();
});

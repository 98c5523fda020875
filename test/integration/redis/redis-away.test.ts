import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';

import { DocumentRegistry } from '../../../src/documents/registry.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { connectRedis } from '../../../src/redis/connection.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { quietLogger, startTestRoles } from '../../helpers/servers/roles.ts';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';
import { expectRefused, storedFiles, upload } from '../../helpers/clients/uploads.ts';

const redis = useRedis();
const api = useRoles(['api'], () => ({ REDIS_URL: redis.url }));

beforeEach(() => redis.client.flushall());

async function expectRefusedWhole(response: Response): Promise<void> {
  await expectRefused(response, 'queue_unavailable');
  expect(await storedFiles(api.dataDir)).toEqual([]);
}

/** A refused upload leaves no job, also where Redis makes one before it hears of the refusal. */
async function expectNoJob(): Promise<void> {
  await sleep(300);
  for (const pattern of ['job:*', 'queue:*', 'jobs:active', 'jobs:recent']) {
    expect(await redis.client.keys(pattern)).toEqual([]);
  }
}

test('while Redis is down uploads are refused and leave nothing, and go on by themselves when it is back', async () => {
  await redis.kill();
  const paths = ['/api/jobs/any', '/readyz', '/healthz'];
  const [refused, ...responses] = await Promise.all([
    upload(api.url),
    ...paths.map((path) => fetch(api.url + path)),
  ]);
  await expectRefusedWhole(refused);
  expect(responses.map(({ status }) => status)).toEqual([503, 503, 200]);
  await redis.start();
  await expect.poll(async () => (await fetch(`${api.url}/readyz`)).status).toBe(200);
  await expectNoJob();
  // Not even for a moment: a worker could have had it.
  expect(await redis.client.exists('jobs:offset')).toBe(0);
});

test('while Redis does not answer an upload is refused in seconds', async () => {
  process.kill(redis.pid(), 'SIGSTOP');
  const response = await upload(api.url);
  process.kill(redis.pid(), 'SIGCONT');
  await expectRefusedWhole(response);
  await expectNoJob();
});

test('while Redis is busy with a script that does not end, all that needs it is answered with 503', async () => {
  await redis.client.config('SET', 'busy-reply-threshold', '50');
  const other = redis.client.duplicate();
  const endless = other.eval('while true do end', 0).catch((error: Error) => error.message);
  await expect.poll(() => redis.client.ping().catch((error: Error) => error.message)).toMatch(/^BUSY/);
  await expectRefusedWhole(await upload(api.url));
  const documents = ['/api/documents', '/api/documents/any', '/api/documents/any/chunks'];
  for (const path of ['/api/jobs/any', '/api/jobs', '/api/stats', ...documents])
    await expectRefused(await fetch(api.url + path), 'queue_unavailable');
  await redis.client.script('KILL');
  expect(await endless).toContain('killed');
  other.disconnect();
  await expectNoJob();
});

/** @returns what ends it */
async function beBusy(): Promise<() => Promise<void>> {
  await redis.client.config('SET', 'busy-reply-threshold', '50');
  const other = redis.client.duplicate();
  const endless = other.eval('while true do end', 0).catch((error: Error) => error.message);
  await expect.poll(() => redis.client.ping().catch((error: Error) => error.message)).toMatch(/^BUSY/);
  return async () => {
    await redis.client.script('KILL');
    expect(await endless).toContain('killed');
    other.disconnect();
  };
}

/** @returns what ends it */
async function lackReplicas(): Promise<() => Promise<void>> {
  await redis.client.config('SET', 'min-replicas-to-write', '1');
  return async () => {
    await redis.client.config('SET', 'min-replicas-to-write', '0');
  };
}

test.each([
  ['is busy', beBusy],
  ['lacks a replica', lackReplicas],
])('a worker waits for a Redis that %s, and nothing that it says is lost', async (_why, begin) => {
  const logger = quietLogger();
  const retrying = connectRedis(redis.url, 'test', 'retrying', logger);
  const jobs = new TestJobs({ client: retrying });
  const held = await jobs.claim('held');
  const end = await begin();
  const reported = jobs.step(held, 40);
  await expect.poll(() => logger.lines.join('\n')).toContain('waiting');
  const again = jobs.step(held, 50);
  const read = new DocumentRegistry(retrying, createKeys()).read(['any']);
  read.catch(() => {});
  await end();
  await Promise.all([reported, again]);
  expect(await read).toEqual([]);
  expect(await redis.client.hget('job:held', 'progress')).toBe('50');
  await jobs.complete(held);
  expect(await redis.client.hget('job:held', 'status')).toBe('completed');
  retrying.disconnect();
});

test("while Redis' memory is full nothing is taken in, but what runs can end", async () => {
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
  const ids = ['completes', 'fails', 'waits'];
  for (const id of ids) await queue.enqueue(id, 'default', payload);
  await redis.client.config('SET', 'maxmemory', '1mb');
  await expectRefusedWhole(await upload(api.url));
  expect(await redis.client.zrange('jobs:recent', '0', '-1')).toEqual(ids);
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
  expect(await queue.fail(fails!, { message: 'x', error: 'x', errorCode: 'corrupt' })).toBe(true);
  expect(await queue.cancel('waits')).toBe('queued');
  await redis.client.config('SET', 'maxmemory', '0');
});

test('a Redis that is set up to forget is warned of, also when it comes up after us', async () => {
  await redis.kill();
  await using other = await startTestRoles(['api'], { REDIS_URL: redis.url });
  await expect.poll(async () => (await fetch(`${other.url}/readyz`)).status).toBe(503);
  await redis.start('--maxmemory-policy', 'allkeys-lru', '--appendonly', 'no');
  await expect.poll(() => other.logger.lines.join('\n')).toMatch(/maxmemory-policy[\s\S]*appendonly/);
});

test('a worker that is told to stop while Redis is away does not wait for it', async () => {
  await using worker = await startTestRoles(['worker'], {
    REDIS_URL: redis.url,
    DRAIN_MS: '500',
    LEASE_MS: '1200',
  });
  await sleep(300);
  await redis.kill();
  // Long enough for each of its duties to wait for a response.
  await sleep(700);
  const began = performance.now();
  await worker.close();
  expect(performance.now() - began).toBeLessThan(30_000);
  await redis.start();
});

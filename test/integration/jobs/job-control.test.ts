import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import type { Stats } from '../../../src/contract/jobs.ts';
import type { UploadAccepted } from '../../../src/contract/upload.ts';
import { listJobs } from '../../../src/jobs/reads/job-list.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { BlobStore } from '../../../src/blobs/blob-store.ts';
import { rerunUpload } from '../../../src/uploads/rerun-upload.ts';
import { startRedis, type TestRedis } from '../../helpers/servers/redis.ts';
import { recordScripts } from '../../helpers/stores/replay.ts';
import { startTestRoles, type TestRoles } from '../../helpers/servers/roles.ts';
import { folderProver } from '../../helpers/stores/store-prover.ts';

const keys = createKeys();
const options = { leaseMs: 30_000, maxRetries: 3, maxStalls: 10, ttlSeconds: 500 };
let redis: TestRedis;
let api: TestRoles;
let queue: JobQueue;

beforeAll(async () => {
  redis = await startRedis();
  api = await startTestRoles(['api'], { REDIS_URL: redis.url, JOB_TTL_SECONDS: '500' });
  queue = new JobQueue(redis.client, keys, options);
});
afterAll(async () => {
  await api.close();
  await redis.close();
});
afterEach(() => redis.client.flushall());

async function upload(
  text = 'hello',
  headers: Record<string, string> = {},
  fields: Record<string, string> = {},
) {
  const body = new FormData();
  body.append('file', new File([text], 'a.txt'));
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return fetch(`${api.url}/api/documents/upload`, { method: 'POST', body, headers });
}
async function accepted(): Promise<string> {
  return ((await (await upload()).json()) as UploadAccepted).job_id;
}
const post = (path: string) => fetch(api.url + path, { method: 'POST' });
const get = async <T>(path: string) => (await (await fetch(api.url + path)).json()) as T;
const files = async () => (await readdir(join(api.dataDir, 'blobs', 'default'))).length;
async function claim() {
  const { jobs } = await queue.claim(1);
  return jobs[0]!;
}

test('a queued job that is cancelled never runs, and cancelling it again changes nothing', async () => {
  const id = await accepted();
  const first = await post(`/api/jobs/${id}/cancel`);
  expect(first.status).toBe(200);
  const job = (await first.json()) as Job;
  expect(job).toMatchObject({
    status: 'failed',
    message: 'Cancelled',
    error: 'The job was cancelled.',
    error_code: 'cancelled',
    completed_at: expect.any(String),
  });
  const second = await post(`/api/jobs/${id}/cancel`);
  expect(second.status).toBe(200);
  expect(await second.json()).toEqual(job);
  expect((await queue.claim(5)).jobs).toEqual([]);
  expect(await redis.client.smembers(keys.active)).toEqual([]);
  expect(await redis.client.llen(keys.queue)).toBe(0);
});

test('the holder of a cancelled job can change nothing, and what it wrote is marked for deletion', async () => {
  const id = await accepted();
  const held = await claim();
  const told: string[] = [];
  const subscriber = redis.client.duplicate();
  subscriber.on('message', (_channel, jobId: string) => told.push(jobId));
  await subscriber.subscribe(keys.cancelled);
  await post(`/api/jobs/${id}/cancel`);
  await expect.poll(() => told).toEqual([id]);
  subscriber.disconnect();
  expect(await queue.renew([held])).toEqual([id]);
  expect(await queue.fail(held, { message: 'x', error: 'x', errorCode: 'x' })).toBe(false);
  expect(await redis.client.zcard(keys.leases)).toBe(0);
  expect(await redis.client.zcard(keys.cleanup)).toBe(1);
});

test('a job that waits for its next try can be cancelled too', async () => {
  const id = await accepted();
  await queue.retry(await claim(), 60_000, { error: 'x', errorCode: 'x' });
  expect(await (await post(`/api/jobs/${id}/cancel`)).json()).toMatchObject({
    status: 'failed',
    error: 'The job was cancelled.',
    error_code: 'cancelled',
  });
  expect(await redis.client.zcard(keys.delayed)).toBe(0);
});

test('a job that has ended cannot be cancelled, and an unknown one neither', async () => {
  const id = await accepted();
  await queue.fail(await claim(), { message: 'Parsing failed', error: 'x', errorCode: 'corrupt' });
  const response = await post(`/api/jobs/${id}/cancel`);
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ code: 'job_has_ended' });
  expect((await post('/api/jobs/nobody/cancel')).status).toBe(404);
});

/** Cancels a job as older versions did: `cancelled` was a status. */
async function cancelAsBefore(id: string): Promise<void> {
  await post(`/api/jobs/${id}/cancel`);
  await redis.client.hset(keys.job(id), 'status', 'cancelled');
  await redis.client.hdel(keys.job(id), 'error', 'error_code');
}

test('a job that an older version cancelled is what a cancelled job is now', async () => {
  const [now, before] = [await accepted(), await accepted()];
  await post(`/api/jobs/${now}/cancel`);
  await cancelAsBefore(before);
  const { id: _now, ...expected } = await get<Job>(`/api/jobs/${now}`);
  const { id: _before, ...job } = await get<Job>(`/api/jobs/${before}`);
  const times = { created_at: expect.any(String), updated_at: expect.any(String) };
  expect(job).toEqual({ ...expected, ...times, completed_at: expect.any(String) });
  const again = await post(`/api/jobs/${before}/cancel`);
  expect(again.status).toBe(200);
  expect(await again.json()).toMatchObject({ version: job.version, error_code: 'cancelled' });
  await redis.client.lpush(keys.queue, before);
  await redis.client.sadd(keys.active, before);
  expect((await queue.claim(5)).jobs).toEqual([]);
  expect(await redis.client.smembers(keys.active)).toEqual([]);
});

test('a running job that another program marks as cancelled has ended for its worker', async () => {
  const id = await accepted();
  const held = await claim();
  await redis.client.hset(keys.job(id), { status: 'cancelled', error: 'x', error_code: 'x' });
  expect(await queue.renew([held])).toEqual([id]);
  expect(await queue.fail(held, { message: 'x', error: 'x', errorCode: 'x' })).toBe(false);
  expect(await get<Job>(`/api/jobs/${id}`)).toMatchObject({
    status: 'failed',
    error: 'The job was cancelled.',
    error_code: 'cancelled',
  });
  await queue.repair('0');
  expect(await redis.client.smembers(keys.active)).toEqual([]);
});

test.each(['failed', 'cancelled', 'cancelled by an older version'])(
  'a job that has %s is rerun once, though asked twice',
  async (end) => {
    const id = await accepted();
    if (end === 'cancelled') await post(`/api/jobs/${id}/cancel`);
    else if (end !== 'failed') await cancelAsBefore(id);
    else await queue.fail(await claim(), { message: 'Parsing failed', error: 'x', errorCode: 'corrupt' });
    const before = await get<Job>(`/api/jobs/${id}`);
    expect(await redis.client.ttl(keys.job(id))).toBeGreaterThan(0);

    const responses = await Promise.all([post(`/api/jobs/${id}/retry`), post(`/api/jobs/${id}/retry`)]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    const job = await get<Job>(`/api/jobs/${id}`);
    expect(job).toMatchObject({ status: 'queued', run: 2, progress: 0, attempt: 0 });
    expect(job.version).toBeGreaterThan(before.version);
    for (const field of ['error', 'error_code', 'completed_at', 'retry_count'])
      expect(job).not.toHaveProperty(field);
    expect(await redis.client.ttl(keys.job(id))).toBe(-1);
    expect(await redis.client.lrange(keys.queue, 0, -1)).toEqual([id]);
    expect((await readdir(join(api.dataDir, 'blobs', 'default'))).includes(`${id}.json`)).toBe(true);
    expect((await claim()).id).toBe(id);
  },
);

test('a completed job is not rerun, nor an unknown one', async () => {
  const id = await accepted();
  const held = await claim();
  await queue.complete(held, {
    documentId: id,
    tenant: 'default',
    collection: 'default',
    chunkCount: 1,
    fields: { id },
  });
  const response = await post(`/api/jobs/${id}/retry`);
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ code: 'job_not_failed' });
  expect((await post('/api/jobs/nobody/retry')).status).toBe(404);
});

test('the same Idempotency-Key is the same job, also when two arrive at once', async () => {
  const before = await files();
  const headers = { 'idempotency-key': 'once' };
  const responses = await Promise.all([1, 2, 3].map(() => upload('same', headers)));
  const bodies = await Promise.all(responses.map((response) => response.json()));
  expect(responses.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  expect(await redis.client.llen(keys.queue)).toBe(1);
  expect(await redis.client.ttl(keys.idempotency('default', 'once'))).toBeLessThanOrEqual(500);
  await expect.poll(files).toBe(before + 2);

  const other = await upload('another', headers);
  expect(other.status).toBe(422);
  expect(await other.json()).toMatchObject({ code: 'idempotency_key_reused' });
  expect((await upload('same', headers, { chunk_size: '100' })).status).toBe(422);
  await expect.poll(files).toBe(before + 2);
});

test('an upload that was refused leaves its Idempotency-Key free', async () => {
  const headers = { 'idempotency-key': 'again' };
  expect((await upload('', headers)).status).toBe(400);
  expect((await upload('hello', headers)).status).toBe(202);
});

test('jobs are listed newest first, by status and collection, page by page', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) {
    const response = await upload(`${i}`, {}, { collection: i % 2 ? 'odd' : 'even' });
    ids.unshift(((await response.json()) as UploadAccepted).job_id);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await queue.fail(await claim(), { message: 'x', error: 'x', errorCode: 'x' });
  await post(`/api/jobs/${ids[0]}/cancel`);
  await cancelAsBefore(ids[1]!);
  type List = { jobs: Job[]; next_cursor?: string };
  const listed: string[] = [];
  for (let cursor = ''; ;) {
    const page = await get<List>(`/api/jobs?limit=3${cursor}`);
    listed.push(...page.jobs.map(({ id }) => id));
    if (page.next_cursor === undefined) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  expect(listed).toEqual(ids);
  const withStatus = async (status: string) =>
    (await get<List>(`/api/jobs?status=${status}`)).jobs.map(({ id }) => id);
  expect(await withStatus('cancelled')).toEqual([ids[0], ids[1]]);
  expect(await withStatus('failed')).toEqual([ids[0], ids[1], ids[6]]);
  expect((await get<List>('/api/jobs?collection=odd')).jobs.length).toBe(3);
  expect((await fetch(`${api.url}/api/jobs?cursor=nobody`)).status).toBe(400);
  expect((await fetch(`${api.url}/api/jobs?limit=0`)).status).toBe(400);
  expect((await fetch(`${api.url}/api/jobs?status=asleep`)).status).toBe(400);
});

test('jobs that are made while a page is read do not make others come twice', async () => {
  const payload = { filename: 'a', collection: 'default', file_key: 'default/a' } as JobPayload;
  const make = (from: number, count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => queue.enqueue(`${from + i}`, 'default', payload)));
  await make(0, 250);
  class BusyStore extends JobStore {
    override async readAll(ids: readonly string[]) {
      const states = await super.readAll(ids);
      await make(1000, 5);
      return states;
    }
  }
  const services = { redis: redis.client, keys, store: new BusyStore(redis.client, keys) };
  const { states } = await listJobs('default', { limit: 1000 }, services);
  expect(states.map(({ id }) => id).sort()).toEqual(Array.from({ length: 250 }, (_, i) => `${i}`).sort());
});

test('a page that ends because it has looked at enough goes on where it stopped, whatever is made meanwhile', async () => {
  const note = (from: number, count: number) =>
    redis.client.zadd(
      keys.recent,
      ...Array.from({ length: count }, (_, i) => [from + i, `x${from + i}`]).flat(),
    );
  const id = await accepted();
  await note(1, 5100);
  await redis.client.zadd(keys.recent, 1325.5, id);
  let made = 10_000;
  class BusyStore extends JobStore {
    override async readAll(ids: readonly string[]) {
      await note((made += 50), 50);
      return super.readAll(ids);
    }
  }
  const services = { redis: redis.client, keys, store: new BusyStore(redis.client, keys) };
  const first = await listJobs('default', { limit: 10 }, services);
  const second = await listJobs('default', { limit: 10, cursor: first.nextCursor! }, services);
  expect([...first.states, ...second.states].map((state) => state.id)).toEqual([id]);
  expect(second.nextCursor).toBeUndefined();
});

test('statistics that another program has spoilt, or that are gone, are not shown', async () => {
  const times = async () => {
    const response = await fetch(`${api.url}/metrics`);
    expect(response.status).toBe(200);
    return [...(await response.text()).matchAll(/^sluice_processing_seconds\{.*\} (.*)$/gm)].map(
      ([, at]) => at,
    );
  };
  await redis.client.lpush(keys.durations, 5000, 'spoilt');
  await redis.client.hset(keys.outcomes, 'completed', 'spoilt');
  expect(await get<Stats>('/api/stats')).toMatchObject({ completed: 0, processing_time_ms: { p50: 5000 } });
  expect(await times()).toEqual(['5', '5', '5']);
  await redis.client.flushall();
  expect(await times()).toEqual([]);
});

test('the statistics count what happened', async () => {
  const cancelled = await accepted();
  expect((await post(`/api/jobs/${cancelled}/cancel`)).status).toBe(200);
  for (let i = 0; i < 4; i++) await accepted();
  const done = await claim();
  await queue.complete(done, {
    documentId: done.id,
    tenant: 'default',
    collection: 'default',
    chunkCount: 1,
    fields: { id: done.id },
  });
  await queue.fail(await claim(), { message: 'x', error: 'x', errorCode: 'x' });
  await claim();
  const stats = await get<Stats>('/api/stats');
  expect(stats).toMatchObject({
    queue_depth: 1,
    in_flight: 1,
    active: 2,
    completed: 1,
    failed: 1,
    cancelled: 1,
    success_rate: 0.5,
  });
  expect(stats.processing_time_ms?.p50).toBeGreaterThanOrEqual(0);
  expect(stats.oldest_waiting_ms).toBeGreaterThanOrEqual(0);
  const metrics = await (await fetch(`${api.url}/metrics`)).text();
  expect(metrics).toContain('sluice_queue_depth 1\n');
  for (const outcome of ['completed', 'failed', 'cancelled'])
    expect(metrics).toContain(`sluice_runs_ended_total{status="${outcome}"} 1\n`);
  for (const line of metrics.split('\n').filter(Boolean))
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"\})? [\d.e+-]+)$/);
});

describe('a job that waits for its next try', () => {
  const failure = { error: 'Processor timeout after 30s', errorCode: 'deadline' };
  async function retrying(delayMs = 60_000): Promise<string> {
    const id = await accepted();
    await queue.retry(await claim(), delayMs, failure);
    expect(await get<Job>(`/api/jobs/${id}`)).toMatchObject({ status: 'retrying' });
    return id;
  }

  test('is tried at once when it is asked to, twice or not, and stays its run', async () => {
    const id = await retrying();
    const before = await get<Job>(`/api/jobs/${id}`);
    const responses = await Promise.all([post(`/api/jobs/${id}/retry`), post(`/api/jobs/${id}/retry`)]);
    for (const response of responses) {
      expect(response.status).toBe(200);
      const job = (await response.json()) as Job;
      expect(job).toMatchObject({
        status: 'queued',
        message: 'Waiting for worker...',
        run: 1,
        retry_count: 1,
        version: before.version + 1,
      });
      for (const field of ['error', 'error_code']) expect(job).not.toHaveProperty(field);
    }
    expect(await redis.client.zcard(keys.delayed)).toBe(0);
    expect(await redis.client.lrange(keys.queue, 0, -1)).toEqual([id]);
    await claim();
    expect(await get<Job>(`/api/jobs/${id}`)).toMatchObject({ status: 'processing', attempt: 2 });
    expect((await post(`/api/jobs/${id}/retry`)).status).toBe(200);
    expect(await get<Job>(`/api/jobs/${id}`)).toMatchObject({ status: 'processing', attempt: 2 });
  });

  test('is not queued twice when its time had come anyway', async () => {
    const id = await retrying();
    await redis.client.zrem(keys.delayed, id);
    await redis.client.lpush(keys.queue, id);
    expect(await (await post(`/api/jobs/${id}/retry`)).json()).toMatchObject({ status: 'queued' });
    expect(await redis.client.lrange(keys.queue, 0, -1)).toEqual([id]);
  });

  test('keeps its next wait when the request to end this one is sent again', async () => {
    const id = await retrying();
    const recorded = recordScripts(redis.client);
    const { version } = await get<Job>(`/api/jobs/${id}`);
    const sender = new JobQueue(recorded.client, keys, options);
    expect(await sender.retryNow(id, version)).toBe(true);
    await queue.retry(await claim(), 60_000, failure);
    expect(await recorded.replay('retry-now')).toEqual([0]);
    expect(await get<Job>(`/api/jobs/${id}`)).toMatchObject({ status: 'retrying', retry_count: 2 });
    expect(await redis.client.zcard(keys.delayed)).toBe(1);
  });

  test('is rerun when it has failed for good since it was looked at', async () => {
    const id = await retrying();
    const store = new JobStore(redis.client, keys);
    const folder = join(api.dataDir, 'blobs');
    const blobs = new BlobStore(folder);
    const installation = folderProver(folder);
    class Late extends JobQueue {
      override async retryNow(job: string, version: number) {
        await redis.client.zadd(keys.delayed, 0, job);
        await queue.fail(await claim(), { message: 'Parsing failed', error: 'x', errorCode: 'corrupt' });
        return super.retryNow(job, version);
      }
    }
    const late = new Late(redis.client, keys, options);
    expect(await rerunUpload('default', id, { queue: late, store, blobs, installation })).toBe('failed');
    expect(await get<Job>(`/api/jobs/${id}`)).toMatchObject({ status: 'queued', run: 2 });
    await blobs.close();
  });
});

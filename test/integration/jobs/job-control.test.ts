import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { BlobStore } from '../../../src/blobs/blob-store.ts';
import { rerunUpload } from '../../../src/uploads/rerun-upload.ts';
import { recordScripts } from '../../helpers/stores/replay.ts';
import { folderProver } from '../../helpers/stores/store-prover.ts';
import {
  accepted,
  api,
  cancelAsBefore,
  claim,
  get,
  keys,
  options,
  post,
  queue,
  redis,
  upload,
  useJobControl,
} from '../../helpers/stores/job-control.ts';

useJobControl();

const files = async () => (await readdir(join(api.dataDir, 'blobs', 'default'))).length;

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
  expect(await queue.fail(held, { message: 'x', error: 'x', errorCode: 'corrupt' })).toBe(false);
  expect(await redis.client.zcard(keys.leases)).toBe(0);
  expect(await redis.client.zcard(keys.cleanup)).toBe(1);
});

test('a job that waits for its next try can be cancelled too', async () => {
  const id = await accepted();
  await queue.retry(await claim(), 60_000, { error: 'x', errorCode: 'corrupt' });
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
  expect(await queue.fail(held, { message: 'x', error: 'x', errorCode: 'corrupt' })).toBe(false);
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

describe('a job that waits for its next try', () => {
  const failure = { error: 'Processor timeout after 30s', errorCode: 'deadline' } as const;
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

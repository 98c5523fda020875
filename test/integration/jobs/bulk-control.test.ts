import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import { isTerminal, type Job, type JobStatus } from '../../../src/contract/job.ts';
import type { BulkResult } from '../../../src/contract/jobs.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { publishedJobs } from '../../helpers/responses/published-jobs.ts';
import { expectRefused } from '../../helpers/clients/uploads.ts';
import {
  accepted,
  api,
  get,
  keys,
  post,
  postJson,
  queue,
  redis,
  useJobControl,
} from '../../helpers/stores/job-control.ts';

useJobControl({ MAX_REQUESTS_PER_SECOND: '100000' });

type Outcome = { status: number; body: BulkResult };
const retryJobs = async (body: object) => (await postJson('/api/jobs/retry', body)) as Outcome;
const cancelJobs = async (body: object) => (await postJson('/api/jobs/cancel', body)) as Outcome;
const job = (id: string) => get<Job>(`/api/jobs/${id}`);
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Uploads in turn, so that the ids have the order of the list. */
async function uploads(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (const _ of range(count)) ids.push(await accepted());
  return ids;
}
/** Makes jobs without originals. */
async function makeAll(count: number, filename = 'a.pdf'): Promise<string[]> {
  const ids = range(count).map((i) => `${filename}-${i}`);
  for (const id of ids) {
    const payload = { filename, collection: 'papers', file_key: `default/${id}` } as JobPayload;
    await queue.enqueue(id, 'default', payload);
  }
  return ids;
}
async function claimAll(): Promise<ClaimedJob[]> {
  const held: ClaimedJob[] = [];
  for (;;) {
    const { jobs } = await queue.claim(50);
    if (jobs.length === 0) return held;
    held.push(...jobs);
  }
}
async function failAll(errorCode: 'corrupt' | 'encrypted' = 'corrupt'): Promise<void> {
  const failure = { message: 'Parsing failed', error: 'x', errorCode };
  await Promise.all((await claimAll()).map((held) => queue.fail(held, failure)));
}
async function complete(held: ClaimedJob): Promise<boolean> {
  const { id } = held;
  const document = { documentId: id, tenant: 'default', collection: 'papers', chunkCount: 1 };
  return queue.complete(held, { ...document, fields: { id } });
}
/** Listens for the states that a job publishes. */
async function listen(heard: (job: { id: string; status: JobStatus }) => void): Promise<Disposable> {
  const subscriber = redis.client.duplicate();
  subscriber.on('pmessage', (_pattern, _channel, message: string) => {
    for (const { hash } of publishedJobs(message))
      heard({ id: hash['id']!, status: hash['status'] as JobStatus });
  });
  await subscriber.psubscribe(keys.allEvents);
  return { [Symbol.dispose]: () => subscriber.disconnect() };
}

test('120 failed jobs are rerun exactly once each, though two calls ask at once', async () => {
  const ids: string[] = [];
  for (const _ of range(12)) ids.push(...(await Promise.all(range(10).map(accepted))));
  await failAll();
  const others = await makeAll(1);
  const calls = await Promise.all([
    retryJobs({ status: ['failed'], error_code: ['corrupt'] }),
    retryJobs({ status: ['failed'], error_code: ['corrupt'] }),
  ]);
  expect(calls.map(({ status }) => status)).toEqual([200, 200]);
  const results = calls.map(({ body }) => body);
  expect(results.reduce((sum, { changed }) => sum + changed, 0)).toBe(120);
  for (const { matched, changed, skipped, failed, next_cursor } of results)
    expect([matched, failed, next_cursor]).toEqual([changed + skipped, [], undefined]);
  expect(await redis.client.llen(keys.queue)).toBe(121);
  const held = await claimAll();
  expect(held.map(({ id }) => id).toSorted()).toEqual([...ids, ...others].toSorted());
  for (const id of ids) expect(await job(id)).toMatchObject({ run: 2, status: 'processing' });
  await Promise.all(held.map(complete));
  expect(await redis.client.hgetall(keys.outcomes)).toEqual({ failed: '120', completed: '121' });
  expect((await retryJobs({ all: true })).body).toEqual({ matched: 0, changed: 0, skipped: 0, failed: [] });
});

test('failed and cancelled jobs get another run, and waiting ones are retried now', async () => {
  const ids = await uploads(3);
  const [first, second, third] = await claimAll();
  await queue.fail(second!, { message: 'x', error: 'x', errorCode: 'corrupt' });
  await queue.retry(first!, 60_000, { error: 'x', errorCode: 'corrupt' });
  await queue.cancel(third!.id);
  expect((await retryJobs({ status: ['failed', 'retrying'] })).body).toMatchObject({
    matched: 3,
    changed: 3,
  });
  expect(new Set(await redis.client.lrange(keys.queue, 0, -1))).toEqual(new Set(ids));
  expect(await job(first!.id)).toMatchObject({ status: 'queued', run: 1 });
  expect(await job(third!.id)).toMatchObject({ status: 'queued', run: 2 });
});

test('each job ends once while a call cancels all and workers complete them, and the counts add up', async () => {
  const ids = await makeAll(400);
  const ends = new Map<string, number>();
  using _ = await listen(({ id, status }) => {
    if (isTerminal(status)) ends.set(id, (ends.get(id) ?? 0) + 1);
  });
  let completed = 0;
  const work = async () => {
    for (;;) {
      const { jobs } = await queue.claim(4);
      if (jobs.length === 0) return;
      for (const done of await Promise.all(jobs.map(complete))) if (done) completed++;
    }
  };
  const [{ status, body }] = await Promise.all([cancelJobs({ all: true }), work(), work()]);
  expect(status).toBe(200);
  expect([body.changed > 0, completed > 0]).toEqual([true, true]);
  expect(body.changed + completed).toBe(ids.length);
  expect(body).toMatchObject({ matched: body.changed + body.skipped, failed: [] });
  await expect.poll(() => ends.size).toBe(ids.length);
  expect(new Set(ends.values())).toEqual(new Set([1]));
  const outcomes = await redis.client.hgetall(keys.outcomes);
  expect(outcomes).toEqual({ completed: `${completed}`, cancelled: `${body.changed}` });
  expect(await redis.client.scard(keys.active)).toBe(0);
  expect((await cancelJobs({ all: true })).body).toMatchObject({ matched: 0, changed: 0, skipped: 0 });
});

test('only what matches every field of the filter is changed', async () => {
  await makeAll(2, 'failed.pdf');
  await failAll();
  await makeAll(3, 'a.pdf');
  await claimAll();
  await makeAll(4, 'b.pdf');
  const { body } = await cancelJobs({ status: ['queued', 'processing', 'failed'], filename: 'b.pdf' });
  expect(body).toMatchObject({ matched: 4, changed: 4 });
  expect((await cancelJobs({ status: ['completed'] })).body).toMatchObject({ matched: 0 });
  expect((await cancelJobs({ status: ['processing'], error_code: ['corrupt'] })).body.matched).toBe(0);
  expect(await job('a.pdf-0')).toMatchObject({ status: 'processing' });
  expect(await job('failed.pdf-0')).toMatchObject({ error_code: 'corrupt' });
  expect((await cancelJobs({ created_before: '2020-01-01T00:00:00Z' })).body.matched).toBe(0);
  expect((await cancelJobs({ collection: 'papers', status: ['processing'] })).body.changed).toBe(3);
});

test('a call without a filter, or with a misspelled one, is refused and changes nothing', async () => {
  const [id] = await makeAll(1);
  const bodies = [
    {},
    { limit: 5 },
    { all: false },
    { stauts: ['queued'] },
    { all: true, status: ['queued'] },
  ];
  for (const body of [...bodies, { status: ['asleep'] }, [], 'all'])
    for (const response of [await cancelJobs(body as object), await retryJobs(body as object)])
      expect([body, response]).toEqual([
        body,
        { status: 400, body: expect.objectContaining({ code: 'invalid_request' }) },
      ]);
  expect((await post('/api/jobs/cancel')).status).toBe(400);
  expect(await cancelJobs({ all: true, cursor: 'nobody' })).toMatchObject({
    status: 400,
    body: { code: 'invalid_cursor' },
  });
  expect(await job(id!)).toMatchObject({ status: 'queued' });
});

test('a job whose original is gone is counted as failed, and does not stop the others', async () => {
  const ids = await uploads(4);
  await failAll();
  await rm(join(api.dataDir, 'blobs', 'default', ids[1]!));
  const { status, body } = await retryJobs({ status: ['failed'] });
  expect([status, body]).toEqual([
    200,
    {
      matched: 4,
      changed: 3,
      skipped: 0,
      failed: [{ id: ids[1], code: 'file_gone', detail: expect.any(String) }],
    },
  ]);
  expect(await job(ids[1]!)).toMatchObject({ status: 'failed', run: 1 });
});

test('a capped call names a cursor, by which the next one goes on beyond failed jobs', async () => {
  await makeAll(250);
  await failAll();
  const results: BulkResult[] = [];
  for (let cursor: string | undefined; ;) {
    const { body } = await retryJobs({ status: ['failed'], limit: 120, ...(cursor && { cursor }) });
    results.push(body);
    if ((cursor = body.next_cursor) === undefined) break;
  }
  expect(results.map(({ matched, changed, failed }) => [matched, changed, failed.length])).toEqual([
    [120, 0, 100],
    [120, 0, 100],
    [10, 0, 10],
  ]);
  await makeAll(30, 'live.pdf');
  const first = (await cancelJobs({ all: true, limit: 20 })).body;
  expect(first).toMatchObject({ matched: 20, changed: 20, next_cursor: expect.any(String) });
  // Jobs that are changed match no more, so a call without the cursor goes on, too.
  expect((await cancelJobs({ all: true })).body).toEqual({
    matched: 10,
    changed: 10,
    skipped: 0,
    failed: [],
  });
});

test('a call looks at 100,000 jobs at most, and its cursor goes on', async () => {
  await makeAll(1);
  const now = Date.now();
  for (let from = 0; from < 100_000; from += 10_000) {
    const expired = range(10_000).map((i) => [now + 1000 + from + i, `expired-${from + i}`]);
    await redis.client.zadd(keys.recent, ...expired.flat());
  }
  const { body } = await cancelJobs({ all: true });
  expect(body).toMatchObject({ matched: 0, next_cursor: 'expired-0' });
  expect((await cancelJobs({ all: true, cursor: body.next_cursor! })).body).toMatchObject({ changed: 1 });
});

test('while the blob store or Redis is away the whole call is refused, and no job is rerun', async () => {
  const ids = await uploads(20);
  await failAll();
  const blobs = join(api.dataDir, 'blobs');
  await rename(blobs, `${blobs}-away`);
  const body = JSON.stringify({ status: ['failed'] });
  const ask = () => fetch(`${api.url}/api/jobs/retry`, { method: 'POST', body });
  await expectRefused(await ask(), 'storage_unavailable');
  await rename(`${blobs}-away`, blobs);
  const ready = async () => (await retryJobs({ status: ['completed'] })).status;
  await expect.poll(ready, { timeout: 10_000 }).toBe(200);
  for (const id of ids) expect(await job(id)).toMatchObject({ status: 'failed', run: 1 });
  process.kill(redis.pid(), 'SIGSTOP');
  const response = await ask();
  process.kill(redis.pid(), 'SIGCONT');
  await expectRefused(response, 'queue_unavailable');
  for (const id of ids) expect(await job(id)).toMatchObject({ status: 'failed', run: 1 });
  await expect.poll(async () => (await ask()).status, { timeout: 10_000 }).toBe(200);
  for (const id of ids) expect(await job(id)).toMatchObject({ status: 'queued', run: 2 });
});

test('a client that leaves stops the call between two jobs', async () => {
  await makeAll(1000);
  const leaving = new AbortController();
  let cancelled = 0;
  using _ = await listen(() => {
    if (++cancelled === 5) leaving.abort();
  });
  const body = JSON.stringify({ all: true });
  const call = fetch(`${api.url}/api/jobs/cancel`, { method: 'POST', body, signal: leaving.signal });
  await expect(call).rejects.toThrow('abort');
  const inRedis = async () => Number(await redis.client.hget(keys.outcomes, 'cancelled'));
  // The call has ended when no further job is cancelled.
  for (let before = -1; before !== (await inRedis()); await sleep(100)) before = await inRedis();
  expect(await inRedis()).toBeLessThan(900);
  const { body: rest } = await cancelJobs({ all: true });
  expect(rest.changed + rest.skipped).toBeGreaterThan(100);
  expect(await redis.client.hget(keys.outcomes, 'cancelled')).toBe('1000');
});

test('a job that is named as a call is read and changed as any other', async () => {
  const payload = { filename: 'a', collection: 'papers', file_key: 'default/a' } as JobPayload;
  for (const id of ['retry', 'cancel']) {
    await queue.enqueue(id, 'default', payload);
    expect(await job(id)).toMatchObject({ id, status: 'queued' });
    expect((await post(`/api/jobs/${id}/cancel`)).status).toBe(200);
    expect(await job(id)).toMatchObject({ error_code: 'cancelled' });
  }
});

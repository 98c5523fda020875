import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { BlobStore } from '../../../../src/blobs/blob-store.ts';
import type { BatchView } from '../../../../src/contract/batches/batch.ts';
import type { Job } from '../../../../src/contract/job.ts';
import type { BulkResult } from '../../../../src/contract/jobs.ts';
import type { UploadAccepted } from '../../../../src/contract/upload.ts';
import {
  api,
  claim,
  get,
  keys,
  post,
  postJson,
  queue,
  redis,
  upload,
  useJobControl,
} from '../../../helpers/stores/job-control.ts';

useJobControl({ MAX_REQUESTS_PER_SECOND: '100000' });

let texts = 0;
/** Uploads a file of 10 bytes to a batch. @returns the job's id */
async function add(batch = 'b', fields: Record<string, string> = {}): Promise<string> {
  const response = await upload(`text ${String(texts++).padStart(5)}`, {}, { batch, ...fields });
  expect(response.status).toBe(202);
  return ((await response.json()) as UploadAccepted).job_id;
}
const fail = async (code: 'corrupt' | 'encrypted') =>
  queue.fail(await claim(), { message: 'x', error: 'x', errorCode: code });
const view = (name = 'b') => get<BatchView>(`/api/batches/${encodeURIComponent(name)}`);
const listed = async (query: string) =>
  (await get<{ jobs: Job[] }>(`/api/jobs?${query}`)).jobs.map(({ id }) => id);

test('an upload names its batch, in its job and in its manifest', async () => {
  const id = await add('Reports 2026/Q1 ä');
  expect(await get<Job>(`/api/jobs/${id}`)).toMatchObject({ batch: 'Reports 2026/Q1 ä' });
  expect(JSON.parse((await redis.client.hget(keys.job(id), 'payload')) ?? '')).toMatchObject({
    batch: 'Reports 2026/Q1 ä',
  });
  const manifest = await new BlobStore(join(api.dataDir, 'blobs')).manifest(`default/${id}`);
  expect(manifest?.payload).toMatchObject({ batch: 'Reports 2026/Q1 ä' });
  expect(await view('Reports 2026/Q1 ä')).toEqual({
    batch: 'Reports 2026/Q1 ä',
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
    updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
    total: 1,
    counts: { queued: 1, processing: 0, retrying: 0, completed: 0, failed: 0, cancelled: 0 },
    bytes: { total: 10, done: 0 },
    failures: {},
  });
});

test.each(['', 'a\nb', '.', '..', 'x'.repeat(129)])('the name %j is refused', async (batch) => {
  const response = await upload('x', {}, { batch });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 'invalid_batch' });
});

test('an upload repeated with its key counts once, also with another batch', async () => {
  const headers = { 'idempotency-key': 'once' };
  const [first, second] = [
    await upload('same', headers, { batch: 'b' }),
    await upload('same', headers, { batch: 'c' }),
  ];
  expect(((await second.json()) as UploadAccepted).job_id).toBe(
    ((await first.json()) as UploadAccepted).job_id,
  );
  expect(await view()).toMatchObject({ total: 1 });
  expect((await fetch(`${api.url}/api/batches/c`)).status).toBe(404);
});

test('the same file in two batches is one document, because a batch decides about none', async () => {
  const [first, second] = [
    await upload('twin', {}, { batch: 'b' }),
    await upload('twin', {}, { batch: 'c' }),
  ];
  expect([first.status, second.status]).toEqual([202, 202]);
  // The second waits for the first.
  expect(await redis.client.zcard(keys.parked)).toBe(1);
});

test('an upload to a full batch is refused with its code', async () => {
  await add();
  const most = Array.from({ length: 9999 }, (_, i) => [i, `m${i}`]).flat();
  await redis.client.zadd(keys.batchJobs('default', 'b'), ...(most as [number, string]));
  const response = await upload('one more', {}, { batch: 'b' });
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ code: 'batch_full' });
  expect(await redis.client.llen(keys.queue)).toBe(1);
});

test.each([
  ['GET', '/api/batches/none'],
  ['POST', '/api/batches/none/cancel'],
  ['POST', '/api/batches/none/retry'],
])('%s %s: there is no such batch', async (method, path) => {
  const response = await fetch(api.url + path, { method });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: 'batch_not_found' });
});

describe('a batch of three jobs beside others', () => {
  test('the list and the bulk calls take the filter, and read the jobs of the batch alone', async () => {
    const [a, other, c, d] = [await add(), await add('other'), await add(), await add()];
    expect(await listed('batch=b')).toEqual([d, c, a]);
    expect(await listed('batch=b&sort=oldest&limit=2')).toEqual([a, c]);
    expect(await listed(`batch=b&sort=oldest&cursor=${c}`)).toEqual([d]);
    expect(await listed('batch=none')).toEqual([]);
    // No other list names them.
    await redis.client.del(keys.recent);
    expect(await get('/api/jobs?batch=b&total=true')).toMatchObject({ total: 3 });
    const { body } = await postJson('/api/jobs/cancel', { batch: 'b' });
    expect(body).toEqual({ matched: 3, changed: 3, skipped: 0, failed: [] });
    expect((await get<Job>(`/api/jobs/${other}`)).status).toBe('queued');
  });

  test('the filter finds the jobs of a batch whose list another program spoilt', async () => {
    const [a, , c] = [await add(), await add('other'), await add()];
    await redis.client.set(keys.batchJobs('default', 'b'), 'x');
    expect(await listed('batch=b')).toEqual([c, a]);
    expect(await listed(`batch=b&cursor=${c}`)).toEqual([a]);
    expect((await postJson('/api/jobs/cancel', { batch: 'b' })).body).toMatchObject({ changed: 2 });
  });

  test('a cancel ends the rest', async () => {
    await add();
    await add('other');
    await add();
    await fail('corrupt');
    const result = (await (await post('/api/batches/b/cancel')).json()) as BulkResult;
    expect(result).toEqual({ matched: 1, changed: 1, skipped: 0, failed: [] });
    expect((await view()).counts).toMatchObject({ queued: 0, failed: 1, cancelled: 1 });
    expect((await view('other')).counts).toMatchObject({ queued: 1 });
    expect(await (await post('/api/batches/b/cancel')).json()).toMatchObject({ matched: 0 });
  });

  test('a retry runs the failed ones again, or those with one code', async () => {
    for (let i = 0; i < 3; i++) await add();
    await fail('corrupt');
    await fail('encrypted');
    await fail('corrupt');
    expect(await view()).toMatchObject({ failures: { corrupt: 2, encrypted: 1 } });
    const one = await postJson('/api/batches/b/retry', { error_code: 'corrupt' });
    expect(one.body).toEqual({ matched: 2, changed: 2, skipped: 0, failed: [] });
    expect(await view()).toMatchObject({ counts: { queued: 2, failed: 1 }, failures: { encrypted: 1 } });
    for (const body of ['', '{}', 'null']) {
      const response = await fetch(`${api.url}/api/batches/b/retry`, { method: 'POST', body });
      expect(response.status).toBe(200);
    }
    expect(await view()).toMatchObject({ counts: { queued: 3 }, failures: {} });
  });

  test('a change refuses a body that it does not know', async () => {
    await add();
    expect(await postJson('/api/batches/b/retry', { code: 'corrupt' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
    expect((await postJson('/api/batches/b/cancel', { error_code: 'corrupt' })).status).toBe(400);
    expect((await postJson('/api/batches/b/cancel', { cursor: 'x' })).body).toMatchObject({
      code: 'invalid_cursor',
    });
    expect((await view()).counts.queued).toBe(1);
  });
});

import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import type { DeletionResult } from '../../../src/contract/jobs.ts';
import { expectRefused } from '../../helpers/clients/uploads.ts';
import { registerByJob } from '../../helpers/stores/counted-documents.ts';
import {
  api,
  get,
  keys,
  postJson,
  queue,
  redis,
  upload,
  useJobControl,
} from '../../helpers/stores/job-control.ts';

useJobControl({ MAX_REQUESTS_PER_SECOND: '100000' });

type Outcome = { status: number; body: DeletionResult };
const remove = async (body: unknown) => (await postJson('/api/documents/delete', body)) as Outcome;
const all = { all: true };
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const left = (tenant = 'default') => redis.client.zrange(keys.documents(tenant), '0', '-1');
const NOTHING = { matched: 0, deleted: 0, skipped: 0, failed: [] };

/** Registers many documents without their jobs, in the order of their ids. @param atOnce number of those of one time */
async function registerMany(count: number, more: Record<string, string> = {}, atOnce = 7): Promise<void> {
  const pipeline = redis.client.pipeline();
  const { tenant = 'default', collection = 'papers' } = more;
  for (const i of range(count)) {
    const id = `d${String(i).padStart(5, '0')}`;
    pipeline.hset(keys.document(id), { id, tenant, collection, metadata: '{}', generation: '1-x', ...more });
    const at = 1000 + Math.floor(i / atOnce);
    pipeline.zadd(keys.documents(tenant), at, id);
    pipeline.zadd(keys.documentsIn(tenant, collection), at, id);
  }
  await pipeline.exec();
}

test('only documents that match every field of the filter are deleted', async () => {
  const given = { number: { year: 2024, topic: 'fruit' }, text: { year: '2024', topic: 'fruit' } };
  for (const [id, metadata] of Object.entries(given)) await registerByJob(redis.client, id, { metadata });
  for (const id of ['a', 'b']) await registerByJob(redis.client, id, { collection: 'letters' });
  await registerByJob(redis.client, 'same', { filename: 'a.txt' });
  const deleted = async (body: object) => {
    const before = await left();
    const { body: result } = await remove(body);
    const after = new Set(await left());
    const gone = before.filter((id) => !after.has(id));
    expect(result).toEqual({ matched: gone.length, deleted: gone.length, skipped: 0, failed: [] });
    return gone;
  };
  expect(await deleted({ metadata: { year: 2024, topic: 'meat' } })).toEqual([]);
  expect(await deleted({ filename: 'a' })).toEqual([]);
  expect(await deleted({ metadata: { year: 2024 } })).toEqual(['number']);
  expect(await deleted({ collection: 'letters', filename: 'a.txt' })).toEqual(['a']);
  expect(await deleted({ ids: ['b', 'same'], collection: 'papers' })).toEqual(['same']);
  expect(await deleted({ collection: 'letters' })).toEqual(['b']);
  expect(await deleted(all)).toEqual(['text']);
  expect(await redis.client.zcard(keys.cleanup)).toBe(5);
  expect((await remove(all)).body).toEqual(NOTHING);
});

test('a call without a filter, or with a misspelled one, is refused and deletes nothing', async () => {
  await registerByJob(redis.client, 'a');
  const bodies = [
    {},
    { limit: 5 },
    { metadata: {} },
    { metadata: JSON.parse('{"year":2024,"__proto__":"x"}') as object },
    { metadata: '{"year":2024}' },
    { all: false },
    { all: true, collection: 'papers' },
    { colection: 'papers' },
    { collection: 'a b' },
    { ids: [] },
    { ids: range(1001).map(String) },
    { ids: ['a', 'b'], limit: 1 },
    { ids: ['a'], cursor: '1:a' },
    { all: true, limit: 1001 },
    [],
    'all',
  ];
  for (const body of bodies)
    expect([body, await remove(body)]).toMatchObject([
      body,
      { status: 400, body: { code: 'invalid_request' } },
    ]);
  for (const cursor of ['', 'nobody', 'x:a', '1:'])
    expect(await remove({ all: true, cursor })).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor' },
    });
  expect(await left()).toEqual(['a']);
});

test('documents of another tenant stay, also by their ids', async () => {
  await registerMany(3, { tenant: 'other' });
  const ids = await left('other');
  expect((await remove({ ids })).body).toEqual({ ...NOTHING, matched: 3, skipped: 3 });
  expect((await remove(all)).body).toEqual(NOTHING);
  expect((await remove({ collection: 'papers' })).body).toEqual(NOTHING);
  expect(await left('other')).toEqual(ids);
});

test('two calls at once delete every document', async () => {
  await registerMany(300);
  const results = (await Promise.all([remove(all), remove(all)])).map(({ body }) => body);
  for (const { matched, deleted, skipped, failed, next_cursor } of results)
    expect([matched, failed, next_cursor]).toEqual([deleted + skipped, [], undefined]);
  expect(await left()).toEqual([]);
  expect(await redis.client.zcard(keys.cleanup)).toBe(300);
});

test('a capped call names a cursor, by which the next one goes on', async () => {
  await registerMany(250, { filename: 'x' }, 250);
  await redis.client.hset(keys.document('d00249'), 'filename', 'y');
  const results: DeletionResult[] = [];
  for (let cursor: string | undefined; ;) {
    const { body } = await remove({ filename: 'x', limit: 120, ...(cursor && { cursor }) });
    results.push(body);
    if ((cursor = body.next_cursor) === undefined) break;
  }
  expect(results.map(({ deleted }) => deleted)).toEqual([120, 120, 9]);
  expect(await left()).toEqual(['d00249']);
});

test('a call looks at 20,000 documents at most, and its cursor goes on', async () => {
  await registerMany(20_300, { filename: 'x' });
  await registerByJob(redis.client, 'oldest');
  await redis.client.zadd(keys.documents('default'), 1, 'oldest');
  const { body } = await remove({ filename: 'oldest.txt' });
  expect(body).toEqual({ ...NOTHING, next_cursor: expect.any(String) as string });
  const rest = await remove({ filename: 'oldest.txt', cursor: body.next_cursor });
  expect(rest.body).toEqual({ ...NOTHING, matched: 1, deleted: 1 });
});

test('ids delete documents, and cancel the first job of one that does not exist yet', async () => {
  await registerByJob(redis.client, 'a');
  const { job_id: id } = (await (await upload('hello')).json()) as { job_id: string };
  const body = { ids: ['a', id, 'unknown', 'a'] };
  expect((await remove(body)).body).toEqual({ matched: 3, deleted: 2, skipped: 1, failed: [] });
  expect(await get(`/api/jobs/${id}`)).toMatchObject({ status: 'failed', error_code: 'cancelled' });
  expect((await remove(body)).body).toEqual({ matched: 3, deleted: 0, skipped: 3, failed: [] });
});

test('while the blob store or Redis is away the whole call is refused, and the next one goes on', async () => {
  for (const text of ['one', 'two', 'three']) await upload(text);
  for (const held of (await queue.claim(3)).jobs) {
    const file_key = `default/${held.id}`;
    const fields = { id: held.id, tenant: 'default', collection: 'default', file_key };
    await queue.complete(held, {
      documentId: held.id,
      tenant: 'default',
      collection: 'default',
      chunkCount: 1,
      fields,
    });
  }
  const ask = () => fetch(`${api.url}/api/documents/delete`, { method: 'POST', body: JSON.stringify(all) });
  const blobs = join(api.dataDir, 'blobs');
  await rename(blobs, `${blobs}-away`);
  await expectRefused(await ask(), 'storage_unavailable');
  await rename(`${blobs}-away`, blobs);
  await expect.poll(async () => (await remove({ ids: ['unknown'] })).status, { timeout: 10_000 }).toBe(200);
  expect(await left()).toHaveLength(3);
  process.kill(redis.pid(), 'SIGSTOP');
  const response = await ask();
  process.kill(redis.pid(), 'SIGCONT');
  await expectRefused(response, 'queue_unavailable');
  expect(await left()).toHaveLength(3);
  await expect.poll(async () => (await ask()).status, { timeout: 10_000 }).toBe(200);
  expect(await left()).toEqual([]);
});

test('a client that leaves stops the call between two documents', async () => {
  await registerMany(1000);
  const leaving = new AbortController();
  const call = fetch(`${api.url}/api/documents/delete`, {
    method: 'POST',
    body: JSON.stringify(all),
    signal: leaving.signal,
  });
  const leave = async () => {
    while ((await left()).length === 1000);
    leaving.abort();
  };
  await Promise.all([expect(call).rejects.toThrow('abort'), leave()]);
  // The call has ended when no further document goes.
  for (let before = -1; before !== (await left()).length; await sleep(100)) before = (await left()).length;
  expect((await left()).length).toBeGreaterThan(50);
  await remove(all);
  expect(await left()).toEqual([]);
});

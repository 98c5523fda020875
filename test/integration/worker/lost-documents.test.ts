import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import {
  Comparer,
  PAYLOAD,
  chroma,
  folder,
  keys,
  logger,
  look,
  lose,
  payloadOf,
  queue,
  queued,
  read,
  redis,
  register,
  run,
  servicesOver,
  store,
  useLostChunks,
} from '../../helpers/stores/lost-chunks.ts';

useLostChunks();

const HOUR_MS = 60 * 60 * 1000;

test("while a document's own upload runs once more, nothing else indexes it", async () => {
  await register('a', 3);
  await lose('a');
  await queue.enqueue('a', 'default', { ...PAYLOAD, file_key: 'default/a' });
  await look();
  expect((await read('a')).missing_chunks).toBe(3);
  expect(await queued()).toEqual(['a']);
});

test('a worker indexes thousands of lost documents again in batches', async () => {
  const ids = Array.from({ length: 230 }, (_, i) => `d${i}`);
  // The documents never had chunks, which the comparison cannot tell from a loss.
  for (const id of ids) await register(id, 2, { stored: 0 });
  await look();
  expect(await redis.client.zcard(keys.incomplete)).toBe(230);
  expect(await queued()).toHaveLength(200);
  await look();
  expect(await queued()).toHaveLength(200);
  for (let i = 0; i < 20; i++) await run('complete');
  await look();
  expect(await queued()).toHaveLength(200);
});

test('a document that fails waits for an hour, and then for two', async () => {
  await register('a', 3);
  await lose('a');
  const due = async () => Number(await redis.client.zscore(keys.incomplete, 'a')) - Date.now();
  for (const hours of [1, 2, 4]) {
    await look();
    expect(await queued()).toHaveLength(1);
    await run('fail');
    await look();
    expect(await queued()).toEqual([]);
    expect(await read('a')).toMatchObject({ missing_chunks: 3, reindex_job: expect.any(String) as string });
    expect(Math.round((await due()) / HOUR_MS)).toBe(hours);
    await redis.client.zadd(keys.incomplete, Date.now() - 1, 'a');
  }
});

test('no due time beyond the longest wait is believed, and a job that Redis forgot is made again at once', async () => {
  await register('a', 3);
  await lose('a');
  await look();
  const [job] = await queued();
  await redis.client.del(keys.job(job!), keys.queue, keys.active);
  await look();
  expect(await queued()).toHaveLength(1);
  await run('fail');
  await look();
  await redis.client.zadd(keys.incomplete, Date.now() + 30 * HOUR_MS, 'a');
  await look();
  expect(await queued()).toHaveLength(1);
});

test('a document whose original is gone says so, once in the log, and no job is made; when it is back, one is', async () => {
  await register('a', 3);
  await lose('a');
  await rm(join(folder, 'default', 'a'));
  const worker = new Comparer();
  for (let looks = 0; looks < 2; looks++) {
    await worker.look();
    expect(await read('a')).toMatchObject({ missing_chunks: 3, file_gone: true, reindex_job: undefined });
    await redis.client.zadd(keys.incomplete, 0, 'a');
  }
  expect(await queued()).toEqual([]);
  expect(logger.lines.filter((line) => line.includes('originals are gone'))).toHaveLength(1);
  await writeFile(join(folder, 'default', 'a'), 'hello');
  await worker.look();
  expect(await queued()).toHaveLength(1);
  expect((await read('a')).file_gone).toBeUndefined();
});

test('while the store of originals is away no original counts as gone', async () => {
  await register('a', 3);
  await lose('a');
  await rename(folder, `${folder}-away`);
  const worker = new Comparer();
  await expect(worker.look()).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(await read('a')).toMatchObject({ missing_chunks: 3, file_gone: undefined });
  await rename(`${folder}-away`, folder);
  await worker.look();
  expect(await queued()).toHaveLength(1);
});

test('chunks that are back before it is their turn need no job', async () => {
  await register('a', 3);
  await lose('a');
  const services = servicesOver();
  await services.incomplete.note({ id: 'a', generation: '1-a' }, 3);
  await store('a', '1-a', 3);
  await look();
  expect((await read('a')).missing_chunks).toBeUndefined();
  expect(await redis.client.zcard(keys.incomplete)).toBe(0);
  expect(await queued()).toEqual([]);
});

test('a deleted document is not indexed again', async () => {
  await redis.client.zadd(keys.incomplete, 1, 'nobody');
  await look();
  expect(await redis.client.zcard(keys.incomplete)).toBe(0);
});

test('a document that was replaced or deleted meanwhile stays so', async () => {
  await register('replaced', 3);
  await register('deleted', 3);
  await lose('replaced');
  await lose('deleted');
  await look();
  expect(await queued()).toHaveLength(2);
  await redis.client.hset(keys.document('replaced'), { generation: '2-new', chunk_count: 1 });
  await redis.client.del(keys.document('deleted'));
  for (let i = 0; i < 2; i++) await expect(run('complete')).rejects.toThrow('replaced or deleted');
  expect(await read('replaced')).toMatchObject({ generation: '2-new', chunk_count: 1 });
  expect(await redis.client.exists(keys.document('deleted'))).toBe(0);
});

test('an older document has the settings of its manifest, else assumed ones that it marks', async () => {
  const settings = ['chunking_strategy', 'chunk_size', 'chunk_overlap'];
  for (const id of ['manifest', 'none', 'other']) {
    await register(id, 2);
    await redis.client.hdel(keys.document(id), ...settings);
  }
  await rm(join(folder, 'default', 'none.json'));
  // The manifest there belongs to another document.
  await writeFile(
    join(folder, 'default', 'other.json'),
    JSON.stringify({ job_id: 'stranger', tenant: 'default', payload: PAYLOAD }),
  );
  const assumed = { chunking_strategy: 'sentence', chunk_size: 512, chunk_overlap: 50 };
  const kept = { chunking_strategy: 'fixed', chunk_size: 100, chunk_overlap: 10 };
  await look();
  expect(await read('manifest')).toMatchObject({ ...kept, settings_assumed: undefined });
  for (const id of ['none', 'other'])
    expect(await read(id)).toMatchObject({ ...assumed, settings_assumed: true });
  await chroma.client.deleteCollection({ name: 'papers' });
  await look();
  const payloads = await Promise.all((await queued()).map(payloadOf));
  const byId = Object.fromEntries(payloads.map((payload) => [payload.document_id, payload]));
  expect(byId).toMatchObject({ manifest: kept, none: assumed, other: assumed });
});

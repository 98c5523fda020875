import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';

import { deleteDocument } from '../../../src/documents/delete-document.ts';
import { EndedRecovery } from '../../../src/worker/recovery/ended-recovery.ts';
import { UploadRecovery } from '../../../src/worker/recovery/upload-recovery.ts';
import {
  age,
  blobs,
  copyRedis,
  files,
  keys,
  payloadOf,
  queue,
  redis,
  services,
  signal,
  sweep,
  store,
  TTL_SECONDS,
  upload,
  uploadVersion,
  useDeletion,
  work,
} from '../../helpers/stores/deletion.ts';

useDeletion();

const remove = (id: string) => deleteDocument('default', id, services());
const ended = () => new EndedRecovery(services(), TTL_SECONDS * 1000);

test('a lost Redis keeps the newest version of a replaced document', async () => {
  const stale: string[] = [];
  for (let i = 0; i < 6; i++) {
    await redis.client.flushall();
    for (const f of await files()) if (!f.endsWith('.json')) await blobs.remove(`default/${f}`);
    const [a, r] = [randomUUID(), randomUUID()];
    await uploadVersion(a, 'x');
    await work('older');
    await uploadVersion(r, 'y', 'replace');
    await work('older');
    expect(await redis.client.hget(keys.document(a), 'file_key')).toBe(`default/${r}`);
    await redis.client.flushall();
    await ended().sweep('newer', signal);
    const ran = await work('newer');
    if ((await redis.client.hget(keys.document(a), 'file_key')) !== `default/${r}`)
      stale.push(ran.map((x) => (x === a ? 'a' : 'r')).join(','));
  }
  expect(stale).toEqual([]);
});

test('a replaced document that was deleted does not return with its older version', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await uploadVersion('r', 'y', 'replace');
  await work('older');
  await remove('a');
  await sweep();
  await redis.client.flushall();
  await ended().sweep('newer', signal);
  await age();
  await new UploadRecovery(services()).sweep(signal);
  expect(await redis.client.lrange(keys.queue, 0, -1)).toEqual([]);
});

test('a deletion that Redis has lost takes the former original, too', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await uploadVersion('r', 'y', 'replace');
  await work('older');
  await remove('a');
  await redis.client.flushall();
  await ended().sweep('newer', signal);
  await sweep();
  expect((await files()).filter((name) => /^[ar](?:\.json)?$/.test(name))).toEqual([]);
});

test('a deleted document does not return when the note of its deletion expires', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await remove('a');
  await redis.client.flushall();
  await ended().sweep('newer', signal);
  await age();
  await sweep();
  await new UploadRecovery(services()).sweep(signal);
  expect(await redis.client.lrange(keys.queue, 0, -1)).toEqual([]);
});

test('the deletion of a document of a shared original leaves the other document', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await queue.enqueue('f', 'default', { ...payloadOf('f', 'a'), filename: 'f.txt' });
  await work('older');
  await remove('f');
  expect(await redis.client.exists(keys.document('a'))).toBe(1);
  await ended().sweep('newer', signal);
  expect(await redis.client.exists(keys.document('a'))).toBe(1);
});

test('a lost Redis brings back both copies', async () => {
  const lost: string[] = [];
  for (let i = 0; i < 4; i++) {
    await redis.client.flushall();
    const [s, c] = [randomUUID(), randomUUID()];
    await uploadVersion(s, 'x' + i);
    await work('older');
    await uploadVersion(c, 'x' + i, 'keep');
    await work('older');
    await redis.client.flushall();
    await ended().sweep('newer', signal);
    await work('newer');
    for (const id of [s, c])
      if (!(await redis.client.exists(keys.document(id)))) lost.push(id === s ? 's' : 'c');
  }
  expect(lost).toEqual([]);
});

test('an upload in a rolled back Redis survives the repeated deletion', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  const goBack = await copyRedis();
  await remove('a');
  await goBack();
  await store('b');
  await queue.enqueue('b', 'default', {
    ...payloadOf('b'),
    content_hash: 'x',
    on_duplicate: 'skip',
  });
  await ended().sweep('newer', signal);
  const documents = await redis.client.zrange(keys.documents('default'), '0', '-1');
  const queued = await redis.client.lrange(keys.queue, 0, -1);
  expect([...documents, ...queued].length).toBeGreaterThan(0);
});

test('a deletion under one epoch does not take a later upload of the same file under another', async () => {
  let lost = 0;
  for (const [e1, e2] of [
    ['e1', 'e2'],
    ['e2', 'e1'],
    ['x', 'abc'],
    ['abc', 'x'],
  ] as const) {
    await redis.client.flushall();
    const [a, b] = [randomUUID(), randomUUID()];
    await uploadVersion(a, 'x');
    await work(e1);
    const goBack = await copyRedis();
    await redis.client.set(keys.epoch, e1);
    await remove(a);
    await redis.client.set(keys.epoch, e2);
    await uploadVersion(b, 'x');
    await work(e2);
    expect(await redis.client.exists(keys.document(b))).toBe(1);
    await goBack();
    await ended().sweep('newer', signal);
    await work('newer');
    const has = await redis.client.zrange(keys.documents('default'), '0', '-1');
    if (has.length === 0) lost++;
  }
  expect(lost).toBe(0);
});

test('the deletion of a document without a collection ends', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await redis.client.hdel(keys.document('a'), 'collection');
  const end = await Promise.race([
    remove('a').then(() => 'ended', String),
    new Promise((r) => setTimeout(r, 2000, 'still looping after 2 s')),
  ]);
  await redis.client.del(keys.document('a'));
  expect(end).not.toContain('looping');
});

test('a late note of completion does not bring a deleted document back', async () => {
  await uploadVersion('a', 'x');
  const goBack = await copyRedis();
  await work();
  await remove('a');
  await blobs.ended.note('default/a', 'a', 'completed', 'older');
  await goBack();
  await ended().sweep('newer', signal);
  expect(await redis.client.lrange(keys.queue, 0, -1)).toEqual([]);
});

test('a deletion is repeated, though Redis has lost the replacement before it, too', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  const goBack = await copyRedis();
  await uploadVersion('r', 'y', 'replace');
  await work('older');
  await remove('a');
  await goBack();
  expect(await redis.client.hget(keys.document('a'), 'file_key')).toBe('default/a');
  await ended().sweep('newer', signal);
  expect(await redis.client.exists(keys.document('a'))).toBe(0);
});

test('a deleted document does not return with a former version whose replacement was not noted', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await uploadVersion('r', 'y', 'replace');
  // The worker dies before it notes the replacement.
  await work();
  await blobs.ended.note('default/r', 'r', 'completed', 'older');
  await remove('a');
  await redis.client.flushall();
  const recovery = ended();
  await recovery.sweep('newer', signal);
  await recovery.sweep('newer', signal);
  expect(await redis.client.lrange(keys.queue, 0, -1)).toEqual([]);
});

test('the upload of a former version is known as completed, once its document is back', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await uploadVersion('r', 'y', 'replace');
  await work('older');
  await redis.client.flushall();
  const recovery = ended();
  await recovery.sweep('newer', signal);
  expect(await redis.client.exists(keys.job('a'))).toBe(0);
  expect(await work('newer')).toEqual(['r']);
  await recovery.sweep('newer', signal);
  const [status, result] = await redis.client.hmget(keys.job('a'), 'status', 'result');
  expect(status).toBe('completed');
  expect(JSON.parse(result!)).toMatchObject({ document_id: 'a', chunk_count: 7, collection: 'papers' });
  expect(await redis.client.ttl(keys.job('a'))).toBeGreaterThan(0);
});

test('a document that returns comes before equal uploads that wait already', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  const copy = { ...payloadOf('t'), content_hash: 'x', on_duplicate: 'skip' as const };
  await redis.client.flushall();
  await upload('t', { payload: copy });
  await ended().sweep('newer', signal);
  expect(await work('newer')).toEqual(['a']);
  expect(await redis.client.hget(keys.job('t'), 'status')).toBe('completed');
  expect(await redis.client.exists(keys.document('t'))).toBe(0);
});

test('the original of a copy goes, though Redis has lost its tombstone', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await uploadVersion('c', 'x');
  await work('older');
  await age(1);
  await new UploadRecovery(services()).sweep(signal);
  expect(await redis.client.zcard(keys.tombstones)).toBe(1);
  await redis.client.del(keys.tombstones);
  await ended().sweep('newer', signal);
  await sweep();
  expect(await files()).toEqual(['a', 'a.json']);
});

test('the newest version comes back, though its worker could not note the replacement', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await uploadVersion('r', 'y', 'replace');
  // The worker dies, or its blob store is away, after the end of the job.
  await work();
  await age(1);
  await new UploadRecovery(services()).sweep(signal);
  expect(await blobs.ended.has('a', 'replaced')).toBe(true);
  await redis.client.flushall();
  await ended().sweep('newer', signal);
  expect(await work('newer')).toEqual(['r']);
  expect(await redis.client.hget(keys.document('a'), 'file_key')).toBe('default/r');
});

test('a former original goes, though Redis knows its upload and has lost the replacement and the deletion', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await uploadVersion('r', 'y', 'replace');
  // The worker dies before it notes the replacement.
  await work();
  await blobs.ended.note('default/r', 'r', 'completed', 'older');
  await remove('a');
  await sweep();
  await redis.client.del(keys.tombstones);
  expect(await files()).toEqual(expect.arrayContaining(['a']));
  await ended().sweep('newer', signal);
  await sweep();
  expect(await files()).toEqual([]);
});

test('a former original goes, though Redis has lost its upload, the replacement and the deletion', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await uploadVersion('r', 'y', 'replace');
  // The worker dies before it notes the replacement.
  await work();
  await blobs.ended.note('default/r', 'r', 'completed', 'older');
  await remove('a');
  await redis.client.flushall();
  await ended().sweep('newer', signal);
  await sweep();
  expect(await files()).toEqual([]);
});

test('the original of an upload that was deleted before its run goes, though Redis has lost the deletion', async () => {
  await uploadVersion('a', 'x');
  const goBack = await copyRedis();
  await remove('a');
  await goBack();
  await ended().sweep('newer', signal);
  await sweep();
  expect(await redis.client.hget(keys.job('a'), 'error_code')).toBe('cancelled');
  expect(await files()).toEqual([]);
});

import { rename } from 'node:fs/promises';
import { expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { deleteDocument } from '../../../src/documents/delete-document.ts';
import { EndedRecovery } from '../../../src/worker/recovery/ended-recovery.ts';
import { UploadRecovery } from '../../../src/worker/recovery/upload-recovery.ts';
import {
  age,
  claim,
  complete,
  fail,
  files,
  folder,
  keys,
  payloadOf,
  queue,
  redis,
  services,
  signal,
  sweep,
  TTL_SECONDS,
  upload,
  useDeletion,
} from '../../helpers/stores/deletion.ts';

useDeletion();

const remove = (id: string) => deleteDocument('default', id, services());

async function job(id: string): Promise<Job> {
  return JSON.parse((await services().store.read('default', id))?.json ?? 'null') as Job;
}

/** The stored data of all documents: keys of Redis beside jobs and events, and files. */
async function left(): Promise<string[]> {
  const found = await redis.client.keys('*');
  const documents = found.filter((key) => /^(document|line|collections)/.test(key));
  return [...documents, ...(await files())].toSorted();
}

test('a deleted document leaves no file, and its chunks are dead', async () => {
  await upload('a');
  await complete('a');
  const generation = await redis.client.hget(keys.document('a'), 'generation');
  await services().blobs.ended.note('default/a', 'a', 'completed', 'epoch');
  await remove('a');
  expect(await redis.client.zrange(keys.documents('default'), '0', '-1')).toEqual([]);
  const dead = (await redis.client.zrange(keys.cleanup, '0', '-1')).map(
    (entry) => JSON.parse(entry) as unknown,
  );
  expect(dead).toEqual([['default', 'papers', 'a', generation, 1]]);
  await sweep();
  expect(await left()).toEqual([]);
  await expect(remove('a')).rejects.toMatchObject({ code: 'document_not_found' });
});

test('another tenant deletes nothing', async () => {
  await upload('a');
  await complete('a');
  const other = deleteDocument('other', 'a', services());
  await expect(other).rejects.toMatchObject({ code: 'document_not_found' });
  expect(await redis.client.exists(keys.document('a'))).toBe(1);
});

test.each(['queued', 'processing', 'retrying'])(
  'a document whose first job is %s is deleted before it exists',
  async (status) => {
    await upload('a');
    const claimed = status === 'queued' ? undefined : await claim('a');
    if (claimed && status === 'retrying')
      await queue.retry(claimed, 60_000, { error: 'x', errorCode: 'internal' });
    expect((await job('a')).status).toBe(status);
    await remove('a');
    expect(await job('a')).toMatchObject({ status: 'failed', error_code: 'cancelled' });
    if (claimed) expect(await redis.client.zcard(keys.cleanup)).toBe(1);
    expect((await queue.claim(1)).jobs).toEqual([]);
    await expect(remove('a')).rejects.toMatchObject({ code: 'document_not_found' });
  },
);

test.each(['queued', 'processing'])('a deletion cancels a replacing job that is %s', async (status) => {
  await upload('a');
  await complete('a');
  await redis.client.hset(keys.document('a'), 'replaced_by', 'b');
  await upload('b', { payload: { ...payloadOf('b'), document_id: 'a' } });
  const claimed = status === 'queued' ? undefined : await claim('b');
  await remove('a');
  expect(await job('b')).toMatchObject({ status: 'failed', error_code: 'cancelled' });
  if (claimed) {
    const { tenant } = claimed;
    const document = {
      documentId: 'a',
      tenant,
      collection: 'papers',
      chunkCount: 1,
      fields: { id: 'a', tenant },
    };
    expect(await queue.complete(claimed, document)).toBe(false);
  }
  expect(await redis.client.exists(keys.document('a'))).toBe(0);
});

test('a deletion that a rolled back Redis has lost is repeated, and the document does not return', async () => {
  await upload('a');
  await complete('a');
  await services().blobs.ended.note('default/a', 'a', 'completed', 'older');
  const before = await redis.client.hgetall(keys.document('a'));
  await remove('a');
  await redis.client.hset(keys.document('a'), before);
  await redis.client.zadd(keys.documents('default'), 1, 'a');
  await new EndedRecovery(services(), TTL_SECONDS * 1000).sweep('newer', signal);
  expect(await redis.client.exists(keys.document('a'))).toBe(0);
  await sweep();
  expect(await left()).toEqual([]);
});

test('a Redis that lost all its data does not bring back a deleted document', async () => {
  await upload('a');
  await complete('a');
  await services().blobs.ended.note('default/a', 'a', 'completed', 'older');
  await remove('a');
  await redis.client.flushall();
  await age();
  await new EndedRecovery(services(), TTL_SECONDS * 1000).sweep('newer', signal);
  await new UploadRecovery(services()).sweep(signal);
  expect(await redis.client.lrange(keys.queue, 0, -1)).toEqual([]);
});

test('while the blob store is away no document is deleted, because no note can prove the deletion', async () => {
  await upload('a');
  await complete('a');
  await rename(folder, `${folder}-away`);
  await expect(remove('a')).rejects.toMatchObject({ code: 'storage_unavailable' });
  await rename(`${folder}-away`, folder);
  expect(await redis.client.exists(keys.document('a'))).toBe(1);
  await remove('a');
  expect(await redis.client.exists(keys.document('a'))).toBe(0);
});

test('a failed job is no document', async () => {
  await upload('a');
  await fail('a');
  await expect(remove('a')).rejects.toMatchObject({ code: 'document_not_found' });
});

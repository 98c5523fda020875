import { expect, test } from 'vitest';

import { AppError } from '../../../src/errors.ts';
import { deleteDocument, type DeletionServices } from '../../../src/documents/delete-document.ts';
import { editDocument } from '../../../src/documents/edits/edit-document.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { rerunUpload } from '../../../src/uploads/rerun-upload.ts';
import { EndedRecovery } from '../../../src/worker/recovery/ended-recovery.ts';
import {
  blobs,
  claim,
  copyRedis,
  fail,
  files,
  finish,
  keys,
  queue,
  redis,
  services,
  signal,
  sweep,
  TTL_SECONDS,
  uploadVersion,
  useDeletion,
  work,
} from '../../helpers/stores/deletion.ts';

useDeletion();

const remove = (id: string, by: DeletionServices = services()) => deleteDocument('default', id, by);
const recover = () => new EndedRecovery(services(), TTL_SECONDS * 1000).sweep('newer', signal);
const documents = () => redis.client.keys('document:*');

/** Services of an api that dies between the note of a deletion and the deletion. */
function dying(): DeletionServices {
  const { deletion, ...others } = services();
  deletion.delete = () => Promise.reject(new Error('killed'));
  return { ...others, deletion };
}

test('a later version of a document survives a deletion that failed', async () => {
  await redis.client.set(keys.epoch, 'older');
  await uploadVersion('a', 'x');
  await work('older');
  await expect(remove('a', dying())).rejects.toThrow('killed');
  await uploadVersion('r', 'y', 'replace');
  await work('older');
  await recover();
  await sweep();
  expect(await documents()).toEqual(['document:a']);
  expect(await redis.client.hget(keys.document('a'), 'file_key')).toBe('default/r');
  expect(await files()).toContain('r');
});

test('an edited document survives a deletion that failed', async () => {
  await redis.client.set(keys.epoch, 'older');
  await uploadVersion('a', 'x');
  await work('older');
  await expect(remove('a', dying())).rejects.toThrow('killed');
  const vectors = { updateMetadata: async () => {} };
  await editDocument('default', 'a', { year: 2024 }, { ...services(), vectors }, signal);
  await recover();
  expect(await documents()).toEqual(['document:a']);
});

test('a cancelled replacement that runs again after the deletion makes a document of its own', async () => {
  await redis.client.set(keys.epoch, 'older');
  await uploadVersion('a', 'x');
  await work('older');
  await uploadVersion('r', 'y', 'replace');
  const { work: claimed } = await claim('r');
  if (!claimed.ok) throw new Error(claimed.detail);
  const manifest = (await blobs.manifest('default/r'))!;
  await blobs.restoreManifest('default/r', { ...manifest, payload: claimed.payload });
  await remove('a');
  await rerunUpload('default', 'r', services());
  await work('older');
  expect(await documents()).toEqual(['document:r']);
  await recover();
  expect(await documents()).toEqual(['document:r']);
});

test('the original of a rerun job stays for its time, though a deletion came before', async () => {
  await uploadVersion('a', 'x');
  await remove('a');
  await rerunUpload('default', 'a', services());
  await fail('a');
  await sweep();
  expect(await files()).toEqual(['a', 'a.json']);
});

test('a deletion whose cancel Redis loses at once is refused', async () => {
  await redis.client.set(keys.epoch, 'older');
  await uploadVersion('a', 'x');
  const goBack = await copyRedis();
  const by = services();
  const cancel = queue.cancel.bind(queue);
  queue.cancel = async (id) => {
    const before = await cancel(id);
    await goBack();
    return before;
  };
  const refusal = await remove('a', by).catch((error: unknown) => error);
  queue.cancel = cancel;
  expect(refusal).toBeInstanceOf(AppError);
  expect(refusal).toMatchObject({ code: 'queue_unavailable' });
});

test('a document whose file has a name that no disk takes can be deleted', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await redis.client.hset(keys.document('a'), 'file_key', `default/${'n'.repeat(300)}`);
  await remove('a');
  expect(await documents()).toEqual([]);
});

test('a document of another type does not keep Redis unrecovered', async () => {
  await uploadVersion('a', 'x');
  await work('older');
  await uploadVersion('r', 'y', 'replace');
  await work('older');
  await redis.client.flushall();
  await redis.client.set(keys.document('a'), 'foreign');
  await recover();
  expect(await redis.client.get(keys.recovered)).toBe('newer');
});

/** A document that lost a chunk, with a replacement that runs and a copy that heals it. */
async function healDuringReplacement(): Promise<ClaimedJob> {
  await redis.client.set(keys.epoch, 'older');
  await uploadVersion('a', 'x');
  await work('older');
  await uploadVersion('r', 'y', 'replace');
  const replacing = await claim('r');
  await redis.client.hset(keys.document('a'), 'missing_chunks', '1');
  await uploadVersion('s', 'x');
  expect((await queue.claim(1)).jobs).toEqual([]);
  return replacing;
}

test('a copy that heals a document waits for a replacement, and a deletion ends both', async () => {
  const replacing = await healDuringReplacement();
  await remove('a');
  await finish(replacing);
  expect(await documents()).toEqual([]);
});

test('a copy that heals a document does not overwrite a replacement', async () => {
  const replacing = await healDuringReplacement();
  await finish(replacing, 'older');
  await work('older');
  expect(await redis.client.hget(keys.document('a'), 'content_hash')).toBe('y');
});

test('an upload that replaces a document that Redis has yet to lose again is not cancelled', async () => {
  await redis.client.set(keys.epoch, 'older');
  await uploadVersion('a', 'x');
  await work('older');
  const goBack = await copyRedis();
  await remove('a');
  await goBack();
  await redis.client.set(keys.epoch, 'newer');
  await uploadVersion('b', 'y', 'replace');
  await recover();
  expect(await work('newer')).toEqual(['b']);
  expect(await documents()).toEqual(['document:b']);
});

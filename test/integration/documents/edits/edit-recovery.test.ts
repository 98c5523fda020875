import { expect, test } from 'vitest';

import type { Metadata } from '../../../../src/contract/upload.ts';
import { deleteDocument } from '../../../../src/documents/delete-document.ts';
import { applyEdit } from '../../../../src/documents/edits/apply-edit.ts';
import { editDocument } from '../../../../src/documents/edits/edit-document.ts';
import { documentFields } from '../../../../src/documents/registry.ts';
import { EditSweep } from '../../../../src/worker/recovery/edit-sweep.ts';
import { EndedRecovery } from '../../../../src/worker/recovery/ended-recovery.ts';
import {
  blobs,
  files,
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
} from '../../../helpers/stores/deletion.ts';

useDeletion();

/** Metadata that the latest edit wrote to the chunks. */
let chunks: Metadata | undefined;
const vectors = {
  updateMetadata: async (_: unknown, metadata: Metadata) => void (chunks = metadata),
};
const all = () => ({ ...services(), vectors });
const edit = (metadata: object) => editDocument('default', 'a', { ...metadata }, all(), signal);
const recover = (epoch: string) => new EndedRecovery(services(), TTL_SECONDS * 1000).sweep(epoch, signal);
const sweepEdits = () => new EditSweep(all()).sweep(signal);
const metadataOf = async (id = 'a') => (await services().registry.read([id]))[0]?.metadata;

/** Completes the job that waits, as a worker does. */
async function work(epoch: string): Promise<void> {
  const [claimed] = (await queue.claim(1)).jobs;
  if (!claimed?.work.ok) throw new Error('no job waits');
  const { payload, documentId } = claimed.work;
  const made = { id: documentId, tenant: 'default', model: 'm', dimension: 3 };
  const fields = documentFields(payload, { ...made, mediaType: undefined, readerVersion: 'r' });
  const document = { documentId, tenant: 'default', collection: 'papers', chunkCount: 1, fields };
  await queue.complete(claimed, document);
  await blobs.ended.note(payload.file_key, claimed.id, 'completed', epoch);
}
/** Makes a document with metadata. */
async function ingest(metadata: Metadata): Promise<void> {
  chunks = undefined;
  await redis.client.set(keys.epoch, 'older');
  await upload('a', { payload: { ...payloadOf('a'), content_hash: 'x', on_duplicate: 'skip', metadata } });
  await work('older');
}
/** Copies all data of Redis. @returns a function that puts Redis back to the copy */
async function copyRedis(): Promise<() => Promise<void>> {
  const names = await redis.client.keys('*');
  const copies = await Promise.all(names.map((name) => redis.client.dumpBuffer(name)));
  return async () => {
    await redis.client.flushall();
    await Promise.all(names.map((name, i) => redis.client.restore(name, 0, copies[i] as Buffer)));
  };
}

test('a Redis that is back at a time before an edit gets the edit again', async () => {
  await ingest({ year: 2023 });
  const goBack = await copyRedis();
  await edit({ year: 2024 });
  await goBack();
  expect(await metadataOf()).toEqual({ year: 2023 });
  chunks = undefined;
  await recover('newer');
  await sweepEdits();
  expect(await metadataOf()).toEqual({ year: 2024 });
  expect(chunks).toEqual({ year: 2024 });
  expect(await redis.client.hget(keys.document('a'), 'edit_pending')).toBeNull();
});

test('an edit builds on the lost one, also before a worker has repeated it', async () => {
  await ingest({ year: 2023 });
  const goBack = await copyRedis();
  await edit({ year: 2024 });
  await goBack();
  await edit({ topic: 'fruit' });
  expect(await metadataOf()).toEqual({ year: 2024, topic: 'fruit' });
});

test('a pending edit of an older copy of Redis does not undo a later edit', async () => {
  await ingest({ year: 2023 });
  const { edits, registry } = all();
  const [document] = await registry.read(['a']);
  await edits.edit(document!, { year: 2024 }, 0);
  const goBack = await copyRedis();
  await edit({ year: 2025 });
  await goBack();
  await sweepEdits();
  expect(await metadataOf()).toEqual({ year: 2025 });
  expect(chunks).toEqual({ year: 2025 });
});

test('a Redis that lost everything gets the document back with its edited metadata', async () => {
  await ingest({ year: 2023 });
  await edit({ year: 2024 });
  await redis.client.flushall();
  await recover('newer');
  await work('newer');
  expect(await metadataOf()).toEqual({ year: 2024 });
});

test('a job that runs once more with its former metadata does not undo an edit', async () => {
  await upload('a', { payload: { ...payloadOf('a'), metadata: { year: 2023 } } });
  const goBack = await copyRedis();
  await work('older');
  await edit({ year: 2024 });
  await goBack();
  // One worker compares each note once, unless it has to wait for a job.
  const recovery = new EndedRecovery(services(), TTL_SECONDS * 1000);
  await recovery.sweep('newer', signal);
  await work('newer');
  expect(await metadataOf()).toEqual({ year: 2023 });
  await recovery.sweep('newer', signal);
  await sweepEdits();
  expect(await metadataOf()).toEqual({ year: 2024 });
  expect(chunks).toEqual({ year: 2024 });
});

test('an edit that overtakes another on its way to the chunks reaches them, too', async () => {
  await ingest({ year: 2023 });
  const { edits, registry } = all();
  const change = async (metadata: Metadata) =>
    edits.edit((await registry.read(['a']))[0]!, metadata, TTL_SECONDS * 1000);
  await change({ year: 2024 });
  const reached: Metadata[] = [];
  const updateMetadata = async (_: unknown, metadata: Metadata) => {
    reached.push(metadata);
    if (reached.length === 1) expect(await change({ year: 2025 })).toBe('edited');
  };
  expect(await applyEdit('a', { ...all(), vectors: { updateMetadata } }, signal)).toBe(true);
  expect(reached).toEqual([{ year: 2024 }, { year: 2025 }]);
});

test('a document that is deleted during an edit leaves nothing, and does not return', async () => {
  await ingest({ year: 2023 });
  const [before] = await services().registry.read(['a']);
  await services().edits.edit(before!, { year: 2024 }, 0);
  const deleted = async () => {
    await deleteDocument('default', 'a', services());
    expect(await redis.client.zscore(keys.edited, 'a')).toBeNull();
    await sweep();
  };
  expect(await applyEdit('a', { ...all(), vectors: { updateMetadata: deleted } }, signal)).toBe(true);
  expect(await files()).toEqual([]);
  const left = (await redis.client.keys('*')).filter((key) => /^(document|line|jobs:edited)/.test(key));
  expect(left).toEqual([]);
  await redis.client.flushall();
  await recover('newer');
  expect(await redis.client.lrange(keys.queue, 0, -1)).toEqual([]);
});

test('a deletion between the read of a manifest and its edit leaves no manifest', async () => {
  await ingest({ year: 2023 });
  const store = all();
  const write = store.blobs.editManifest.bind(store.blobs);
  const late: typeof write = async (key, manifest) => {
    await deleteDocument('default', 'a', services());
    await sweep();
    await write(key, manifest);
  };
  const slow = new Proxy(store.blobs, {
    get: (target, name) => {
      const value: unknown = name === 'editManifest' ? late : Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const editing = editDocument('default', 'a', { year: 2024 }, { ...store, blobs: slow }, signal);
  await expect(editing).rejects.toMatchObject({ code: 'document_not_found' });
  expect(await files()).toEqual([]);
});

import { expect, test } from 'vitest';

import type { Metadata } from '../../../../src/contract/upload.ts';
import { deleteDocument } from '../../../../src/documents/delete-document.ts';
import { applyEdit } from '../../../../src/documents/edits/apply-edit.ts';
import { editDocument } from '../../../../src/documents/edits/edit-document.ts';
import { EndedRecovery } from '../../../../src/worker/recovery/ended-recovery.ts';
import {
  all,
  chunks,
  copyRedis,
  edit,
  forgetChunks,
  ingest,
  metadataOf,
  recover,
  sweepEdits,
  work,
} from '../../../helpers/documents/edits.ts';
import {
  files,
  keys,
  payloadOf,
  redis,
  services,
  signal,
  sweep,
  TTL_SECONDS,
  upload,
  useDeletion,
} from '../../../helpers/stores/deletion.ts';

useDeletion();

test('a Redis that is back at a time before an edit gets the edit again', async () => {
  await ingest({ year: 2023 });
  const goBack = await copyRedis();
  await edit({ year: 2024 });
  await goBack();
  expect(await metadataOf()).toEqual({ year: 2023 });
  forgetChunks();
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
    if (reached.length === 1) expect(await change({ year: 2025 })).toBeTypeOf('number');
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

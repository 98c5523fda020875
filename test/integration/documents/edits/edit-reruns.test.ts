import { expect, test } from 'vitest';

import { rerunUpload } from '../../../../src/uploads/rerun-upload.ts';
import { EndedRecovery } from '../../../../src/worker/recovery/ended-recovery.ts';
import { keepTarget } from '../../../../src/worker/run/keep-target.ts';
import {
  all,
  chunks,
  copyRedis,
  edit,
  ingest,
  metadataOf,
  sweepEdits,
  work,
} from '../../../helpers/documents/edits.ts';
import {
  blobs,
  fail,
  keys,
  payloadOf,
  redis,
  services,
  signal,
  TTL_SECONDS,
  upload,
  useDeletion,
} from '../../../helpers/stores/deletion.ts';

useDeletion();

test('a retry on a Redis that went back keeps the edit of the manifest', async () => {
  await redis.client.set(keys.epoch, 'older');
  await upload('a', { payload: { ...payloadOf('a'), content_hash: 'x', metadata: { year: 2023 } } });
  await fail('a');
  const goBack = await copyRedis();
  await rerunUpload('default', 'a', services());
  await work('older');
  await edit({ year: 2024 });
  await goBack();
  await rerunUpload('default', 'a', services());
  expect(await blobs.manifest('default/a')).toMatchObject({ run: 2, payload: { metadata: { year: 2024 } } });
  await work('newer');
  await new EndedRecovery(all(), TTL_SECONDS * 1000).sweep('newer', signal);
  await sweepEdits();
  expect(await metadataOf()).toEqual({ year: 2024 });
  expect(chunks).toEqual({ year: 2024 });
});

test('a claim that chooses another document keeps the edit of the manifest', async () => {
  await ingest({ year: 2023 });
  const { payload } = (await blobs.manifest('default/a'))!;
  await edit({ year: 2024 });
  const edited = (await blobs.manifest('default/a'))!;
  // A Redis that went back has the metadata before the edit.
  await keepTarget({ ...payload, document_id: 'b' }, undefined, blobs);
  const kept = { ...edited, payload: { ...edited.payload, document_id: 'b' } };
  expect(await blobs.manifest('default/a')).toEqual(kept);
});

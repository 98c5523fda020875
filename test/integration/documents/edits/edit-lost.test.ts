import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import type { Metadata } from '../../../../src/contract/upload.ts';
import { all, copyRedis, edit, ingest, metadataOf, recover, work } from '../../../helpers/documents/edits.ts';
import {
  age,
  blobs,
  files,
  folder,
  payloadOf,
  sweep,
  upload,
  useDeletion,
} from '../../../helpers/stores/deletion.ts';

useDeletion();

/** Makes services whose Redis does something else right after it has taken an edit, at most `times` times. */
function afterEdit(then: () => Promise<void>, times = 1) {
  const services = all();
  const { edits } = services;
  const write = edits.edit.bind(edits);
  let left = times;
  edits.edit = async (...given) => {
    const written = await write(...given);
    if (left-- > 0) await then();
    return written;
  };
  return services;
}

const kept = async (): Promise<Metadata | undefined> => (await blobs.manifest('default/a'))?.payload.metadata;

test('an edit that Redis loses before the manifest has it is written again', async () => {
  await ingest({ year: 2023 });
  const goBack = await copyRedis();
  const response = await edit({ year: 2024 }, afterEdit(goBack));
  expect(response.metadata).toEqual({ year: 2024 });
  expect(await metadataOf()).toEqual({ year: 2024 });
  expect(await kept()).toEqual({ year: 2024 });
});

test('an edit that Redis loses again and again is refused', async () => {
  await ingest({ year: 2023 });
  const goBack = await copyRedis();
  const editing = edit({ year: 2024 }, afterEdit(goBack, 100));
  await expect(editing).rejects.toMatchObject({ code: 'queue_unavailable' });
  expect(await kept()).toEqual({ year: 2023 });
});

test('an edit stays in the document that an upload replaces at the same time', async () => {
  await ingest({ year: 2023 });
  const metadata = { topic: 'fruit' };
  await upload('r', {
    payload: { ...payloadOf('r'), content_hash: 'y', on_duplicate: 'replace', metadata },
  });
  const response = await edit(
    { year: 2024 },
    afterEdit(() => work('older')),
  );
  expect(response.metadata).toEqual({ topic: 'fruit', year: 2024 });
  expect((await blobs.manifest('default/r'))?.payload.metadata).toEqual({ topic: 'fruit', year: 2024 });
});

test('a Redis that went back gets the edit of a document without a manifest again', async () => {
  await ingest({ year: 2023 });
  // An older version removed the manifest of an ended job, and its note.
  await rm(join(folder, 'default', 'a.json'));
  await rm(join(folder, '.ends'), { recursive: true });
  const goBack = await copyRedis();
  await edit({ year: 2024 });
  expect(await blobs.ended.has('a', 'completed')).toBe(true);
  await goBack();
  await recover('newer');
  expect(await metadataOf()).toEqual({ year: 2024 });
});

test('an edit of a document without its original makes no manifest', async () => {
  await ingest({ year: 2023 });
  await rm(join(folder, 'default', 'a.json'));
  await rm(join(folder, 'default', 'a'));
  await edit({ year: 2024 });
  expect(await metadataOf()).toEqual({ year: 2024 });
  expect(await files()).toEqual([]);
});

test('a manifest that a sweep restores holds the edit, and a Redis that went back gets it', async () => {
  await ingest({ year: 2023 });
  const goBack = await copyRedis();
  await edit({ year: 2024 });
  await rm(join(folder, 'default', 'a.json'));
  await rm(join(folder, '.ends'), { recursive: true });
  await age();
  await sweep();
  await goBack();
  await recover('newer');
  expect(await metadataOf()).toEqual({ year: 2024 });
});

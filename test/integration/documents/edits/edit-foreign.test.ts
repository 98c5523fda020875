import { expect, test } from 'vitest';

import { CollectionCounts } from '../../../../src/documents/collections/collection-counts.ts';
import { EditSweep } from '../../../../src/worker/recovery/edit-sweep.ts';
import {
  all,
  chunks,
  copyRedis,
  edit,
  ingest,
  metadataOf,
  recover,
  sweepEdits,
  work,
} from '../../../helpers/documents/edits.ts';
import {
  blobs,
  keys,
  payloadOf,
  redis,
  signal,
  upload,
  useDeletion,
} from '../../../helpers/stores/deletion.ts';

useDeletion();

test.for([
  ['no id', undefined],
  ['the id of another document', 'b'],
])('a sweep removes due edits of hashes with %s', async ([, id]) => {
  // A full page makes the sweep ask for another.
  for (let i = 0; i < 20; i++) {
    await redis.client.hset(keys.document(`z${i}`), id === undefined ? { x: '1' } : { id, generation: 'g' });
    await redis.client.zadd(keys.edited, 1, `z${i}`);
  }
  const services = all();
  const { edits } = services;
  const due = edits.due.bind(edits);
  const stop = new AbortController();
  let pages = 0;
  edits.due = async (count) => {
    if (++pages > 3) stop.abort();
    return due(count);
  };
  await new EditSweep(services).sweep(stop.signal);
  expect(pages).toBe(1);
  expect(await redis.client.exists(keys.edited)).toBe(0);
});

/** Edits the document `a` while Chroma is away. */
async function editPending(metadata: object): Promise<void> {
  const away = {
    updateMetadata: async () => {
      throw new Error('Chroma is away');
    },
  };
  expect((await edit(metadata, { ...all(), vectors: away })).metadata_pending).toBe(true);
}
const count = () => new CollectionCounts(redis.client, keys).count('default', signal);
const isPending = async () => (await redis.client.hget(keys.document('a'), 'edit_pending')) === '1';

test('an edit overwrites a foreign value in the place of the list of edits', async () => {
  await ingest({ year: 2023 });
  await redis.client.set(keys.edited, 'foreign');
  await edit({ year: 2024 });
  expect(chunks).toEqual({ year: 2024 });
  expect(await isPending()).toBe(false);
});

test('a second look overwrites a foreign value in the place of the list of edits', async () => {
  await ingest({ year: 2023 });
  const services = all();
  const updateMetadata = async () => void (await redis.client.set(keys.edited, 'foreign'));
  await edit({ year: 2024 }, { ...services, vectors: { updateMetadata } });
  expect(await isPending()).toBe(false);
  expect(await redis.client.zscore(keys.edited, 'a')).not.toBeNull();
});

test('an edit during a repair is carried on despite a foreign value in the place of the list', async () => {
  await ingest({ year: 2023 });
  await redis.client.hset(keys.document('a'), 'missing_chunks', '1');
  const payload = { ...payloadOf('b'), content_hash: 'x', metadata: { year: 2023 } };
  await upload('b', { payload: { ...payload, on_duplicate: 'skip' } });
  await work('older', async () => {
    await edit({ year: 2024 });
    await redis.client.set(keys.edited, 'foreign');
  });
  expect(await isPending()).toBe(true);
  await sweepEdits();
  expect(await isPending()).toBe(false);
});

test.for(['emptied', 'foreign'])(
  'a pending edit whose list is %s is carried on after a count',
  async (how) => {
    await ingest({ year: 2023 });
    await editPending({ year: 2024 });
    await redis.client.del(keys.edited);
    if (how === 'foreign') await redis.client.set(keys.edited, 'foreign');
    await sweepEdits().catch(() => {});
    expect(await isPending()).toBe(true);
    await count();
    await sweepEdits();
    expect(chunks).toEqual({ year: 2024 });
    expect(await isPending()).toBe(false);
  },
);

test('a count leaves the time at which a pending edit is due', async () => {
  await ingest({ year: 2023 });
  await editPending({ year: 2024 });
  const due = await redis.client.zscore(keys.edited, 'a');
  await count();
  expect(await redis.client.zscore(keys.edited, 'a')).toBe(due);
});

/** A time (ms) of 15 digits, over 30,000 years ahead. */
const FAR = 999_999_999_999_998;
const manifest = async () => (await blobs.manifest('default/a'))!;

test('a foreign time of an edit in Redis undoes no later edit', async () => {
  await ingest({ year: 2023 });
  await redis.client.hset(keys.document('a'), 'edited_ms', `${FAR}`);
  for (const year of [2024, 2025, 2026]) {
    expect((await edit({ year })).metadata).toEqual({ year });
    expect(await metadataOf()).toEqual({ year });
    expect(chunks).toEqual({ year });
    const { payload, edited_ms } = await manifest();
    expect(payload.metadata).toEqual({ year });
    expect(edited_ms).toBeLessThanOrEqual(Date.now() + 1000);
  }
});

test.for([FAR, 1.5, 'x'])('a foreign time %s of an edit in a manifest undoes no later edit', async (time) => {
  await ingest({ year: 2023 });
  const found = await manifest();
  const edited_ms = time as number;
  await blobs.editManifest('default/a', { ...found, edited_ms });
  const goBack = await copyRedis();
  for (const year of [2024, 2025, 2026]) expect((await edit({ year })).metadata).toEqual({ year });
  expect((await manifest()).payload.metadata).toEqual({ year: 2026 });
  await goBack();
  await recover('newer');
  expect(await metadataOf()).toEqual({ year: 2026 });
});

test('a document with a foreign time of an edit is entered under its copy', async () => {
  await ingest({ year: 2023 });
  await redis.client.hset(keys.document('a'), 'edited_ms', `${FAR}`);
  const copy = await redis.client.hget(keys.document('a'), 'copy');
  await redis.client.hdel(keys.document('a'), 'copy', 'name');
  await count();
  expect(await redis.client.hget(keys.document('a'), 'copy')).toBe(copy);
});

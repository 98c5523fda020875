import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { BlobNotFoundError } from '../../../src/blobs/blob-paths.ts';
import { BlobStore } from '../../../src/blobs/blob-store.ts';
import { Checkpoints } from '../../../src/worker/run/checkpoints.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';

const logger = quietLogger();
const payload = { filename: 'a', file_key: 'default/a', chunk_size: 64, chunk_overlap: 0 } as JobPayload;
const cut = {
  chunks: [{ text: 'é, "ü"\n', start: 0, end: 7, page: 2 }],
  mediaType: 'text/plain',
  readerVersion: 'toy-1',
  pages: { pages_done: 3, pages_total: 3, pages_unread: 1 },
};
const response = { model: 'm', dimensions: 2, embeddings: [[0.5, -1.25]] };
let root: string;
let blobs: BlobStore;
let checkpoints: Checkpoints;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-checkpoint-'));
  await mkdir(join(root, 'default'));
  blobs = new BlobStore(root);
  checkpoints = new Checkpoints(blobs.checkpoint('default/a'), payload, logger);
});
afterEach(() => rm(root, { recursive: true }));

test('what was kept comes back as it was', async () => {
  expect(await checkpoints.cut()).toBeUndefined();
  expect(await checkpoints.keepCut(cut)).toBe(true);
  expect(await checkpoints.keepVectors(12, ['x'], response)).toBe(true);
  expect(await checkpoints.cut()).toEqual(cut);
  expect(await checkpoints.vectors(12, ['x'])).toEqual(response);
  expect(await checkpoints.embedded()).toEqual(new Set([12]));
  await checkpoints.dropVectors();
  expect(await checkpoints.embedded()).toEqual(new Set());
});

test('none is made where the store is away, and nothing is made in its place', async () => {
  await rm(root, { recursive: true });
  expect(await checkpoints.keepCut(cut)).toBe(false);
  await expect(readdir(root)).rejects.toThrow('ENOENT');
  await mkdir(root);
});

test('chunks count for the same file cut the same way, vectors for the same texts', async () => {
  await checkpoints.keepCut(cut);
  await checkpoints.keepVectors(0, ['x'], response);
  for (const other of [{ chunk_size: 65 }, { content_hash: 'b' }, { file_key: 'default/b' }]) {
    const others = new Checkpoints(blobs.checkpoint('default/a'), { ...payload, ...other }, logger);
    expect(await others.cut()).toBeUndefined();
  }
  expect(await checkpoints.vectors(0, ['y'])).toBeUndefined();
});

test('once removed, a checkpoint is not brought back by a writer that has not heard of it', async () => {
  await checkpoints.keepCut(cut);
  await blobs.removeCheckpoint('default/a');
  expect(await checkpoints.keepVectors(0, ['x'], response)).toBe(false);
  expect(await readdir(join(root, 'default'))).toEqual([]);
});

test('no key leads out of the store, or to the files beside blobs', async () => {
  await checkpoints.keepCut(cut);
  for (const key of [
    '../a',
    '/etc/a',
    'default/a.checkpoint',
    'default/a.checkpoint/chunks',
    'default/a.json/',
    '../..',
  ]) {
    expect(() => blobs.checkpoint(key), key).toThrow(BlobNotFoundError);
    await expect(blobs.read(key, {}), key).rejects.toThrow(BlobNotFoundError);
    await expect(blobs.removeCheckpoint(key), key).rejects.toThrow(BlobNotFoundError);
  }
});

test('a checkpoint is listed as its blob, is no manifest, and goes with its blob', async () => {
  await checkpoints.keepCut(cut);
  await writeFile(join(root, 'default', 'b'), '');
  await sleep(5);
  const keys = new Set<string>();
  for await (const { key } of blobs.stored()) keys.add(key);
  expect(keys).toEqual(new Set(['default/a', 'default/b']));
  expect(await blobs.awaited(10, 0).next()).toEqual({ done: true, value: undefined });
  await blobs.remove('default/a');
  expect(await readdir(join(root, 'default'))).toEqual(['b']);
});

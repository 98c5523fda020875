import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { BlobStore } from '../../../src/blobs/blob-store.ts';
import { ENDS } from '../../../src/blobs/blob-paths.ts';

let root: string;
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'sluice-ended-'))));
afterEach(() => rm(root, { recursive: true }));

test('notes that cannot be read are an error, not the absence of notes', async () => {
  await symlink(ENDS, join(root, ENDS));
  const { ended } = new BlobStore(root);
  await expect(ended.has('job')).rejects.toThrow('ELOOP');
  await expect(ended.ids()).rejects.toThrow('ELOOP');
});

test('without notes, and beside a foreign file, no end is noted', async () => {
  const { ended } = new BlobStore(root);
  expect(await ended.has('job')).toBe(false);
  await mkdir(join(root, ENDS));
  await writeFile(join(root, ENDS, 'foreign'), '');
  expect(await ended.has('job')).toBe(false);
  expect(await ended.ids()).toEqual(new Set());
});

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { BlobStore } from '../../../src/blobs/blob-store.ts';

test('a manifest that cannot be removed keeps its file: alone it would queue the job again', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sluice-blobs-'));
  const blob = new BlobStore(root).create('default', 'a');
  await new Promise((resolve) => blob.stream.end('words', () => resolve(undefined)));
  await rm(join(root, 'default/a.json'));
  await mkdir(join(root, 'default/a.json'));
  await expect(blob.discard()).rejects.toThrow();
  expect((await readdir(join(root, 'default'))).toSorted()).toEqual(['a', 'a.json']);
  await rm(root, { recursive: true });
});

test('an upload whose manifest cannot be opened fails during its body', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sluice-blobs-'));
  await mkdir(join(root, 'default/a.json'), { recursive: true });
  const blob = new BlobStore(root).create('default', 'a');
  const failed = new Promise((resolve) => blob.stream.once('close', resolve));
  blob.stream.write('some of the words');
  await failed;
  expect(blob.stream.errored).toMatchObject({ code: 'EEXIST' });
  await blob.discard();
  expect(await readdir(join(root, 'default'))).toEqual(['a.json']);
  await rm(root, { recursive: true });
});

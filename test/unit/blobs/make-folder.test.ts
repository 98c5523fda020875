import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { makeFolder } from '../../../src/blobs/make-folder.ts';
import { Trash } from '../../../src/blobs/trash.ts';

let parent: string;
let root: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sluice-folder-'));
  root = join(parent, 'blobs');
});
afterEach(() => rm(parent, { recursive: true }));

test('makes what is missing below the root', async () => {
  await mkdir(join(root, 'a'), { recursive: true });
  await makeFolder(root, join(root, 'a', 'b', 'c'));
  await makeFolder(root, join(root, 'a', 'b', 'c'));
  expect(await readdir(root, { recursive: true })).toEqual(['a', 'a/b', 'a/b/c']);
});

test('never makes the root, where a mount may be away', async () => {
  await expect(makeFolder(root, join(root, 'a', 'b'))).rejects.toMatchObject({ code: 'ENOENT' });
  await new Trash(join(root, 'trash')).take('default/a', join(root, 'default', 'a'));
  expect(await readdir(parent)).toEqual([]);
});

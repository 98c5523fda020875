import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { startTestRoles, type TestRoles } from '../helpers/roles.ts';
import { expectAccepted, expectRefused, upload } from '../helpers/uploads.ts';

const MIB = 1024 * 1024;
let redis: TestRedis;
let folder: string;

beforeAll(async () => {
  redis = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'sluice-disk-'));
});
afterAll(async () => {
  await redis?.close();
  await rm(folder, { recursive: true, force: true });
});

const startApi = (blobStore: string) =>
  startTestRoles(['api'], { REDIS_URL: redis.url, BLOB_STORE: blobStore });

test('while the disk takes nothing uploads are refused', async () => {
  const store = join(folder, 'refusing');
  const api = await startApi(store);
  await writeFile(join(store, 'default'), 'stands where the folder should be');
  await expectRefused(await upload(api.url), 'storage_unavailable');
  expect(await redis.client.keys('job:*')).toEqual([]);
  await api.close();
});

// Only who may mount can have a disk this small.
const mayMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

describe.runIf(mayMount)('a disk of 2 MB', () => {
  let store: string;
  let api: TestRoles;

  beforeAll(async () => {
    store = join(folder, 'small');
    await mkdir(store);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', store]);
    api = await startApi(store);
  });
  afterAll(async () => {
    await api?.close();
    execFileSync('umount', ['--lazy', store]);
  });

  test('a file that does not fit is refused and leaves nothing; what fits is taken', async () => {
    await expectRefused(await upload(api.url, 'x'.repeat(3 * MIB)), 'storage_unavailable');
    expect(await readdir(join(store, 'default'))).toEqual([]);
    expect(await redis.client.keys('job:*')).toEqual([]);
    const id = await expectAccepted(await upload(api.url));
    expect(await redis.client.lrange('queue:document_upload', 0, -1)).toEqual([id]);
  });

  test('a file whose manifest does not fit is refused, and its job is taken back', async () => {
    await redis.client.flushall();
    const before = await readdir(join(store, 'default'));
    // What is left has room for the file, whose size is of whole pages, and for nothing more.
    await writeFile(join(store, 'room'), Buffer.alloc(MIB));
    await fill(join(store, 'filler'));
    await rm(join(store, 'room'));
    await expectRefused(await upload(api.url, 'x'.repeat(MIB)), 'storage_unavailable');
    expect(await readdir(join(store, 'default'))).toEqual(before);
    expect(await redis.client.keys('job:*')).toEqual([]);
    expect(await redis.client.exists('queue:document_upload', 'jobs:active', 'jobs:recent')).toBe(0);
  });
});

/** Writes pages until no more fits. */
async function fill(path: string): Promise<void> {
  for (let full = false; !full;) {
    full = await writeFile(path, Buffer.alloc(4096), { flag: 'a' }).then(
      () => false,
      () => true,
    );
  }
}

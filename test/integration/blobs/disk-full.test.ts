import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';

import { startTestRoles, type TestRoles } from '../../helpers/servers/roles.ts';
import { useFolder, useRedis } from '../../helpers/servers/use.ts';
import { expectAccepted, expectRefused, upload } from '../../helpers/clients/uploads.ts';

const MIB = 1024 * 1024;
const redis = useRedis();
const folder = useFolder();

afterEach(async () => void (await redis.client.flushall()));

const startApi = (blobStore: string, env: Record<string, string> = {}) =>
  startTestRoles(['api'], { REDIS_URL: redis.url, BLOB_STORE: blobStore, ...env });

async function expectDiskFull(response: Response): Promise<void> {
  expect(response.status).toBe(507);
  const problem = await response.json();
  expect(problem).toMatchObject({
    code: 'disk_full',
    detail: expect.stringContaining('disk space') as string,
  });
}

const readiness = async (api: TestRoles) => (await fetch(`${api.url}/readyz`)).json();

/**
 * Uploads without a content length until there is a response.
 * @param onPart called before each part of 64 KiB
 */
async function uploadInParts(url: string, bytes: number, onPart: () => Promise<unknown> = setImmediate) {
  const client = request(`${url}/api/documents/upload`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
  });
  client.on('error', () => {});
  const responded = once(client, 'response') as Promise<[IncomingMessage]>;
  let over = false;
  const settled = responded.finally(() => (over = true));
  settled.catch(() => {});
  client.write('--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n');
  for (let sent = 0; sent < bytes && !over; sent += 65_536) {
    await onPart();
    if (!client.write(Buffer.alloc(Math.min(65_536, bytes - sent), 'x'))) {
      await Promise.race([once(client, 'drain'), settled]);
    }
  }
  if (!over) client.end('\r\n--b--\r\n');
  const [response] = await settled;
  const body = await text(response);
  client.destroy();
  return new Response(body, { status: response.statusCode! });
}

/** A client that still sends may lose the response when its connection closes, but the log has it. */
async function expectDiskFullInParts(
  api: TestRoles,
  bytes: number,
  onPart?: () => Promise<unknown>,
): Promise<void> {
  api.logger.lines.length = 0;
  const response = await uploadInParts(api.url, bytes, onPart).catch(() => undefined);
  if (response) await expectDiskFull(response);
  await expect.poll(() => api.logger.lines.join('\n')).toContain('"code":"disk_full"');
}

test('while the disk takes nothing uploads are refused', async () => {
  const store = join(folder, 'refusing');
  await using api = await startApi(store);
  await writeFile(join(store, 'default'), 'stands where the folder should be');
  await expectRefused(await upload(api.url), 'storage_unavailable');
  expect(await redis.client.keys('job:*')).toEqual([]);
});

test('a disk that takes nothing while a client is slow ends its upload, not the server', async () => {
  const store = join(folder, 'slow');
  await using api = await startApi(store);
  await writeFile(join(store, 'default'), 'stands where the folder should be');
  const part =
    '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--b--\r\n';
  const client = request(`${api.url}/api/documents/upload`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b', 'content-length': String(part.length) },
  });
  client.flushHeaders();
  // Waits longer than the failing open takes.
  await sleep(300);
  client.end(part);
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  expect(JSON.parse(await text(response))).toMatchObject({ code: 'storage_unavailable' });
  expect(api.logger.lines.join('\n')).toContain('ENOTDIR');
});

test('below the floor uploads are refused before anything is stored, and readiness says why', async () => {
  const store = join(folder, 'below');
  await using api = await startApi(store, { MIN_FREE_BYTES: String(2 ** 52) });
  await expectDiskFull(await upload(api.url));
  await expectDiskFullInParts(api, MIB);
  expect(await readiness(api)).toMatchObject({ status: 'not_ready', checks: { disk: 'failed' } });
  expect(await readdir(join(store, 'default')).catch(() => [])).toEqual([]);
  expect(await redis.client.keys('job:*')).toEqual([]);
});

// Only who may mount can have a disk this small.
const mayMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

describe.runIf(mayMount)('a small disk', () => {
  let store: string;
  let api: TestRoles;

  async function mount(options: string, env: Record<string, string>): Promise<void> {
    store = await mkdtemp(join(folder, 'small-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', store]);
    api = await startApi(store, env);
  }
  afterEach(async () => {
    await api?.close();
    execFileSync('umount', ['--lazy', store]);
  });

  const files = () => readdir(join(store, 'default')).catch(() => []);

  test('refuses a file that does not fit and leaves nothing; what fits is taken', async () => {
    await mount('size=2m', {});
    await expectDiskFull(await upload(api.url, 'x'.repeat(3 * MIB)));
    await expectDiskFullInParts(api, 3 * MIB);
    expect(await files()).toEqual([]);
    expect(await redis.client.keys('job:*')).toEqual([]);
    const id = await expectAccepted(await upload(api.url));
    expect(await redis.client.lrange('queue:document_upload', 0, -1)).toEqual([id]);
    expect(await readiness(api)).toMatchObject({ checks: { disk: 'ok' } });
  });

  test('keeps its floor during an upload without a content length', async () => {
    const floor = 4 * MIB;
    await mount('size=8m', { MIN_FREE_BYTES: String(floor) });
    let least = Infinity;
    const look = async () => {
      const { bavail, bsize } = await statfs(store);
      least = Math.min(least, bavail * bsize);
      await sleep(1);
    };
    await expectDiskFullInParts(api, 6 * MIB, look);
    expect(least).toBeGreaterThanOrEqual(floor);
    expect(await files()).toEqual([]);
    await expectAccepted(await uploadInParts(api.url, 3 * MIB));
  });

  async function begin(announced: number, sent: number): Promise<ClientRequest> {
    const client = request(`${api.url}/api/documents/upload`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b', 'content-length': String(announced) },
    });
    client.on('error', () => {});
    client.write('--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n');
    client.write(Buffer.alloc(sent, 'x'));
    const written = async () => {
      const sizes = (await files()).map(async (name) => (await stat(join(store, 'default', name))).size);
      return Math.max(...(await Promise.all(sizes)));
    };
    // Up to 16 KiB wait for more before they are written.
    await expect.poll(written).toBeGreaterThan(sent * 0.8);
    return client;
  }

  test('counts what uploads under way have still to write', async () => {
    await mount('size=8m', { MIN_FREE_BYTES: '0' });
    const first = await begin(6 * MIB, 3 * MIB);
    await expectDiskFull(await upload(api.url, 'x'.repeat(3 * MIB)));
    first.destroy();
    await expect.poll(files).toEqual([]);
    await expectAccepted(await upload(api.url, 'x'.repeat(3 * MIB)));
  });

  test('is not used up by what a client announces and does not send', async () => {
    await mount('size=8m', { MIN_FREE_BYTES: '0' });
    const liar = await begin(7 * MIB, 100_000);
    await expectAccepted(await upload(api.url, 'x'.repeat(3 * MIB)));
    liar.destroy();
  });

  test('refuses a file whose manifest does not fit, and takes its job back', async () => {
    await mount('size=2m', { MIN_FREE_BYTES: '0' });
    await expectAccepted(await upload(api.url));
    await redis.client.flushall();
    const before = await files();
    // What is left has room for the file, whose size is of whole pages, and for nothing more.
    await writeFile(join(store, 'room'), Buffer.alloc(MIB));
    await fill(join(store, 'filler'));
    expect(await readiness(api)).toMatchObject({ checks: { blobs: 'failed' } });
    await rm(join(store, 'room'));
    await expectDiskFullInParts(api, MIB);
    expect(await files()).toEqual(before);
    expect(await redis.client.keys('job:*')).toEqual([]);
    expect(await redis.client.exists('queue:document_upload', 'jobs:active', 'jobs:recent')).toBe(0);
  });

  test('that turns read-only makes the api unready', async () => {
    await mount('size=2m', { MIN_FREE_BYTES: '0' });
    expect(await readiness(api)).toMatchObject({ checks: { blobs: 'ok' } });
    execFileSync('mount', ['-o', 'remount,ro', store]);
    await expect
      .poll(() => readiness(api))
      .toMatchObject({ status: 'not_ready', checks: { blobs: 'failed' } });
  });

  test('that has room and takes no more files says the same', async () => {
    // Inodes for the folder, its installation.json, the tenant's folder, and one file.
    await mount('size=8m,nr_inodes=4', {});
    await expectDiskFull(await upload(api.url));
    expect(await files()).toEqual([]);
  });

  test('that holds no uploads but the data folder must have its floor, too', async () => {
    await mount('size=8m', {});
    await using other = await startApi(await mkdtemp(join(folder, 'large-')), {
      DATA_DIR: store,
      // Starts an installation of its own, because it has another blob store.
      REDIS_KEY_PREFIX: 'other:',
      MIN_FREE_BYTES: String(16 * MIB),
    });
    await expectDiskFull(await upload(other.url));
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

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { appendFile, open, rename, rm, truncate } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { upload, expectAccepted } from '../../helpers/clients/uploads.ts';
import { startTestRoles } from '../../helpers/servers/roles.ts';
import { useBackends, useRedis, useRoles } from '../../helpers/servers/use.ts';
import { registerDocument } from '../../helpers/stores/registered.ts';

/** Longer than several reads of a file, and not a multiple of one. */
const BYTES = randomBytes(300_001);
const MiB = 1024 ** 2;

const redis = useRedis();
const backends = useBackends();
const env = () => ({ ...backends.env, REDIS_URL: redis.url });
const api = useRoles(['api'], env);

const register = (bytes: Buffer | string = BYTES, fields: Record<string, string> = {}) =>
  registerDocument(redis.client, api.dataDir, bytes, fields);
const urlOf = (id: string) => `${api.url}/api/documents/${id}/content`;
const get = (id: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(urlOf(id), { method, headers });
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
const tagOf = (bytes: Buffer | string) => `"${createHash('sha256').update(bytes).digest('hex')}"`;

/** The descriptors of this process that lead to a file. */
function openFiles(path: string): string[] {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  });
}
async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.of(BYTES[at]! ^ 1), 0, 1, at);
  await file.close();
}

test('an uploaded file comes back as it was sent, with its name and its type', async () => {
  await using _worker = await startTestRoles(['worker'], {
    ...env(),
    BLOB_STORE: join(api.dataDir, 'blobs'),
  });
  const text = '# Pears\n\nPears are green.\n';
  const id = await expectAccepted(await upload(api.url, text));
  await expect.poll(async () => (await get(id)).status).toBe(200);
  const response = await get(id);
  expect(await response.text()).toBe(text);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/plain',
    'content-length': String(text.length),
    'content-disposition': `attachment; filename="a.txt"; filename*=UTF-8''a.txt`,
    'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    etag: tagOf(text),
  });
});

test('a large file comes back byte for byte, and nothing stays open', async () => {
  const { id, path } = await register();
  expect(await bytesOf(await get(id))).toEqual(BYTES);
  await expect.poll(() => openFiles(path)).toEqual([]);
});

test.each([
  ['bytes=0-0', 0, 0],
  ['bytes=100-70000', 100, 70_000],
  ['bytes=65535-65536', 65_535, 65_536],
  ['bytes=299999-', 299_999, 300_000],
  ['bytes=-1', 300_000, 300_000],
  ['bytes=-131072', 300_001 - 131_072, 300_000],
  ['bytes=-999999', 0, 300_000],
  ['bytes=0-', 0, 300_000],
  ['bytes=10-999999', 10, 300_000],
])('%s gives these bytes of the file', async (range, start, end) => {
  const { id, path } = await register();
  const response = await get(id, { range });
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/300001`);
  expect(response.headers.get('content-length')).toBe(String(end - start + 1));
  expect(response.headers.get('etag')).toBe(tagOf(BYTES));
  expect(await bytesOf(response)).toEqual(BYTES.subarray(start, end + 1));
  await expect.poll(() => openFiles(path)).toEqual([]);
});

test('a range after the end is refused with the size, and one that is none gets the whole file', async () => {
  const { id, path } = await register();
  for (const range of ['bytes=300001-', 'bytes=-0']) {
    const refused = await get(id, { range });
    expect([refused.status, refused.headers.get('content-range')]).toEqual([416, 'bytes */300001']);
    expect(await refused.json()).toMatchObject({ code: 'range_not_satisfiable' });
  }
  for (const range of ['bytes=0-1,5-6', 'bytes=6-5', 'lines=1-2']) {
    const whole = await get(id, { range });
    expect([whole.status, (await bytesOf(whole)).length]).toEqual([200, BYTES.length]);
  }
  await expect.poll(() => openFiles(path)).toEqual([]);
});

test('a client with the present content gets 304, and resumes only that', async () => {
  const { id, path } = await register();
  const etag = tagOf(BYTES);
  for (const known of [etag, `W/${etag}`, '*']) {
    const response = await get(id, { 'if-none-match': known, range: 'bytes=0-1' });
    expect([response.status, response.headers.get('etag')]).toEqual([304, etag]);
  }
  expect((await get(id, { range: 'bytes=5-9', 'if-range': etag })).status).toBe(206);
  for (const old of [tagOf('old'), `W/${etag}`, 'Wed, 21 Oct 2026 07:28:00 GMT']) {
    const whole = await get(id, { range: 'bytes=5-9', 'if-range': old });
    expect([whole.status, (await bytesOf(whole)).length]).toEqual([200, BYTES.length]);
  }
  await expect.poll(() => openFiles(path)).toEqual([]);
});

test('HEAD says the same of the file and sends none of it', async () => {
  const { id, path } = await register();
  const response = await get(id, { range: 'bytes=0-1' }, 'HEAD');
  expect([response.status, response.headers.get('content-length')]).toEqual([200, '300001']);
  expect(response.headers.get('etag')).toBe(tagOf(BYTES));
  expect(await response.text()).toBe('');
  await expect.poll(() => openFiles(path)).toEqual([]);
  await rm(path);
  expect((await get(id, {}, 'HEAD')).status).toBe(410);
});

test('a document without a hash has no tag, and its ranges need none', async () => {
  const { id } = await register(BYTES, { content_hash: 'of another program\r\n' });
  const response = await get(id, { range: 'bytes=1-2' });
  expect([response.status, response.headers.get('etag')]).toEqual([206, null]);
});

test('names and types of other programs stay within their headers', async () => {
  const { id } = await register('x', {
    filename: 'a"\r\nX-Evil: 1\u202e🦜\u200f.html',
    media_type: 'text/html\r\nX-Evil: 1',
  });
  const response = await get(id);
  expect(response.status).toBe(200);
  expect(response.headers.has('x-evil')).toBe(false);
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
  expect(response.headers.get('content-disposition')).toBe(
    `attachment; filename="a_X-Evil: 1_.html"; filename*=UTF-8''a%22X-Evil%3A%201%F0%9F%A6%9C.html`,
  );
});

test('a file that is missing, or whose size has changed, is gone before the first byte', async () => {
  const expectGone = async (id: string) => {
    const gone = await get(id);
    expect([gone.status, await gone.json()]).toMatchObject([410, { code: 'file_gone' }]);
  };
  const { id, path } = await register();
  await truncate(path, BYTES.length - 1);
  await expectGone(id);
  await rm(path);
  await expectGone(id);
  const longer = await register();
  await appendFile(longer.path, '!');
  await expectGone(longer.id);
  const foreign = await register(BYTES, { file_key: '../../etc/passwd' });
  await expectGone(foreign.id);
  // The hash of a short file is known before its first byte leaves.
  const short = await register(BYTES.subarray(0, 1000));
  await flip(short.path, 5);
  await expectGone(short.id);
});

test('a changed file never arrives whole, whichever byte differs', async () => {
  for (const at of [0, BYTES.length - 1]) {
    const { id, path } = await register();
    await flip(path, at);
    const response = await get(id);
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '300001']);
    await expect(bytesOf(response)).rejects.toThrow();
    await expect.poll(() => openFiles(path)).toEqual([]);
  }
  expect(api.logger.lines.join('\n')).toContain('a download was cut off');
});

test('while the store is away no request learns that a file is gone', async () => {
  const { id } = await register();
  const blobs = join(api.dataDir, 'blobs');
  await rename(blobs, `${blobs}-away`);
  const refused = await get(id);
  await rename(`${blobs}-away`, blobs);
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'storage_unavailable' }]);
});

test("another tenant's document is not found", async () => {
  const { id } = await register(BYTES, { tenant: 'other' });
  const missing = await Promise.all([get(id), get('nobody')]);
  for (const response of missing)
    expect([response.status, await response.json()]).toMatchObject([404, { code: 'document_not_found' }]);
});

test('a client that does not read holds one descriptor and little memory, and its end frees both', async () => {
  const { id, path } = await register(Buffer.alloc(128 * MiB, 'A long document. '));
  const { host, port } = new URL(api.url);
  const socket = connect(Number(port), '127.0.0.1').pause();
  await once(socket, 'connect');
  socket.write(`GET /api/documents/${id}/content HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await expect.poll(() => openFiles(path).length).toBe(1);
  const [fd] = openFiles(path);
  const readBytes = () => Number(/^pos:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1]);
  let before = -1;
  await expect.poll(() => before === (before = readBytes()), { interval: 300 }).toBe(true);
  expect(before).toBeLessThan(32 * MiB);
  expect(openFiles(path)).toHaveLength(1);
  socket.destroy();
  await expect.poll(() => openFiles(path)).toEqual([]);
  expect(api.logger.lines.join('\n')).not.toContain('ERR_STREAM_PREMATURE_CLOSE');
});

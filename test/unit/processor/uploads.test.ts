import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { receiveBody, receiveFile } from '../../../src/processor/uploads.ts';

const FORM = [
  '--b\r\ncontent-disposition: form-data; name="note"\r\n\r\nignored\r\n',
  '--b\r\ncontent-disposition: form-data; name="file"; filename="../Größe.txt"\r\n',
  'content-type: text/plain\r\n\r\nthe text\r\n--b--\r\n',
].join('');
const DESCRIBED = { filename: 'Größe.txt', mediaType: 'text/plain', fields: { note: 'ignored' } };

let folder: string;
const server = createServer();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'processor-uploads-'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

/** Sends a whole request, and hands over both of its ends. Without its length, no body counts as small. */
async function send(body: string, namesLength = true) {
  const { port } = server.address() as AddressInfo;
  const length = namesLength
    ? { 'content-length': Buffer.byteLength(body) }
    : { 'transfer-encoding': 'chunked' };
  const headers = { 'content-type': 'multipart/form-data; boundary=b', ...length };
  const client = httpRequest({ port, method: 'POST', headers });
  client.on('error', () => {});
  client.end(body);
  const [received] = (await once(server, 'request')) as [IncomingMessage];
  received.on('error', () => {});
  return { client, received };
}

describe('an upload', () => {
  it('is on the disk under a name of our own until its removal', async () => {
    const upload = await receiveFile((await send(FORM, false)).received, folder, 100);
    expect(upload).toMatchObject(DESCRIBED);
    const path = upload.path as string;
    expect(await readdir(folder)).toEqual([path.slice(folder.length + 1)]);
    expect(path).not.toContain('Größe');
    expect(await readFile(path, 'utf8')).toBe('the text');
    await upload.remove();
    await upload.remove();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([true, false])('may be as large as allowed, and no larger (small: %s)', async (isSmall) => {
    const size = 'the text'.length;
    const tooLarge = { code: 'body_too_large' };
    const received = async (body: string) => (await send(body, isSmall)).received;
    await (await receiveFile(await received(FORM), folder, size)).remove();
    await expect(receiveFile(await received(FORM), folder, size - 1)).rejects.toMatchObject(tooLarge);
    await (await receiveBody(await received('the text'), folder, size)).remove();
    await expect(receiveBody(await received('the text'), folder, size - 1)).rejects.toMatchObject(tooLarge);
    expect(await readdir(folder)).toEqual([]);
  });

  it('stays in memory if it is a small file', async () => {
    const upload = await receiveFile((await send(FORM)).received, folder, 100);
    expect(upload).toMatchObject({ ...DESCRIBED, path: Buffer.from('the text'), bytes: 8 });
    expect(await readdir(folder)).toEqual([]);
  });

  it('stays in memory if it is a small body', async () => {
    const { source, bytes } = await receiveBody((await send('the text')).received, folder, 100);
    expect([source, bytes]).toEqual([{ text: 'the text' }, 8]);
    expect(await readdir(folder)).toEqual([]);
    const large = 'x'.repeat(64 * 1024 + 1);
    const received = await receiveBody((await send(large)).received, folder, large.length);
    expect(await readFile((received.source as { path: string }).path, 'utf8')).toBe(large);
    await received.remove();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    [receiveFile, true],
    [receiveFile, false],
    [receiveBody, true],
    [receiveBody, false],
  ])(
    'that came in whole, but was not read when its sender left, fails (%s, small: %s)',
    async (receive, isSmall) => {
      const { client, received } = await send(FORM, isSmall);
      await expect.poll(() => received.complete).toBe(true);
      client.destroy();
      await expect.poll(() => received.closed).toBe(true);
      await expect(receive(received, folder, 1000)).rejects.toMatchObject({ code: 'invalid_request' });
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it.each([
    [
      'a part that is not read',
      '--b\r\ncontent-disposition: form-data; name="x"; filename="x"\r\n\r\nhalf of',
    ],
    ['a second file', FORM.replace('--b--', FORM.slice(0, -20))],
    ['the file', FORM.slice(0, -20)],
  ])('whose body ends inside %s fails, and nothing else does', async (_, body) => {
    for (const isSmall of [true, false])
      await expect(receiveFile((await send(body, isSmall)).received, folder, 1000)).rejects.toMatchObject({
        code: 'invalid_request',
      });
    expect(await readdir(folder)).toEqual([]);
  });
});

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

/** Sends a whole request, and hands over both of its ends. */
async function send(body: string) {
  const { port } = server.address() as AddressInfo;
  const headers = { 'content-type': 'multipart/form-data; boundary=b' };
  const client = httpRequest({ port, method: 'POST', headers });
  client.on('error', () => {});
  client.end(body);
  const [received] = (await once(server, 'request')) as [IncomingMessage];
  received.on('error', () => {});
  return { client, received };
}

describe('an upload', () => {
  it('is on disk under a name of our own until it is removed', async () => {
    const upload = await receiveFile((await send(FORM)).received, folder, 100);
    expect(upload).toMatchObject({ filename: 'Größe.txt', mediaType: 'text/plain' });
    expect(await readdir(folder)).toEqual([upload.path.slice(folder.length + 1)]);
    expect(upload.path).not.toContain('Größe');
    expect(await readFile(upload.path, 'utf8')).toBe('the text');
    await upload.remove();
    await upload.remove();
    expect(await readdir(folder)).toEqual([]);
  });

  it('may be as large as allowed, and no larger', async () => {
    const size = 'the text'.length;
    await (await receiveFile((await send(FORM)).received, folder, size)).remove();
    await expect(receiveFile((await send(FORM)).received, folder, size - 1)).rejects.toMatchObject({
      code: 'body_too_large',
    });
    await (await receiveBody((await send('the text')).received, folder, size)).remove();
    await expect(receiveBody((await send('the text')).received, folder, size - 1)).rejects.toMatchObject({
      code: 'body_too_large',
    });
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

  it.each([receiveFile, receiveBody])(
    'that came in whole, but was not read when its sender left, fails',
    async (receive) => {
      const { client, received } = await send(FORM);
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
    await expect(receiveFile((await send(body)).received, folder, 1000)).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(await readdir(folder)).toEqual([]);
  });
});

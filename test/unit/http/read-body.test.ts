import { once } from 'node:events';
import { createServer, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { readBody } from '../../../src/http/read-body.ts';

const server = createServer();
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Begins a request without a length, and hands over both of its ends. */
async function begin(start: string): Promise<{ client: ClientRequest; received: IncomingMessage }> {
  const { port } = server.address() as AddressInfo;
  const client = httpRequest({ port, method: 'POST' }).on('error', () => {});
  client.write(start);
  const [received] = (await once(server, 'request')) as [IncomingMessage];
  return { client, received };
}

test('a body is read to its end', async () => {
  const { client, received } = await begin('{"a":"');
  client.end('é"}');
  expect(await readBody(received, 100)).toBe('{"a":"é"}');
});

test('a body that drips is refused, although it never stops', async () => {
  const { client, received } = await begin('{');
  const drip = setInterval(() => client.write(' '), 20);
  await expect(readBody(received, 1_000_000, 200)).rejects.toMatchObject({ code: 'request_too_slow' });
  clearInterval(drip);
});

test('a body that is too large is refused by what arrives', async () => {
  const { client, received } = await begin('{"a"');
  client.write('x'.repeat(100));
  await expect(readBody(received, 100)).rejects.toMatchObject({ code: 'body_too_large' });
});

test('a body whose sender goes away is refused, and no fault of the server', async () => {
  const { client, received } = await begin('{"a"');
  const read = readBody(received, 100);
  client.destroy();
  await expect(read).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(readBody(received, 100)).rejects.toMatchObject({ code: 'invalid_request' });
});

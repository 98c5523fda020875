import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';

import { CLOSE, LARGEST_READ_BYTES } from '../../../src/contract/messages.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { upgradeRequest } from '../../helpers/clients/raw-upgrade.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const MASK = 0x80;
const CLOSED_BY_WS = { invalidUtf8: 1007, invalidFrame: 1002 };

const redis = useRedis();
const node = use(() => GatewayNode.start(redis.url));

afterEach(async () => {
  // Nothing that a client did has ended the process, or left a session.
  await node.emptied();
});

async function open(): Promise<TestClient> {
  const client = new TestClient(`${node.url}/ws`);
  await client.opened;
  return client;
}
const frame = (opcode: number, payload: Buffer, last = true) =>
  Buffer.concat([Buffer.from([(last ? 0x80 : 0) | opcode, MASK | payload.length, 0, 0, 0, 0]), payload]);

async function raw(): Promise<Socket> {
  const socket = connect({ port: node.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

test('broken text, broken frames and endless messages are each closed with their code', async () => {
  const attacks: [send: (client: TestClient) => void, code: number][] = [
    [(client) => client.socket.send('x'.repeat(LARGEST_READ_BYTES + 1)), CLOSE.tooLarge],
    [(client) => client.tcp.write(frame(1, Buffer.from([0xc3, 0x28]))), CLOSED_BY_WS.invalidUtf8],
    [(client) => client.tcp.write(Buffer.from('GET / HTTP/1.1\r\n\r\n')), CLOSED_BY_WS.invalidFrame],
    [(client) => client.tcp.write(Buffer.alloc(4096, 0xff)), CLOSED_BY_WS.invalidFrame],
  ];
  for (const [send, code] of attacks) {
    const client = await open();
    send(client);
    expect((await client.closed).code).toBe(code);
  }
});

test('a message in fragments without end is cut at the limit', async () => {
  const client = await open();
  const part = frame(0, Buffer.alloc(100, 0x20), false);
  client.tcp.write(frame(1, Buffer.alloc(100, 0x20), false));
  const count = Math.ceil(LARGEST_READ_BYTES / 100);
  client.tcp.write(Buffer.concat(Array.from({ length: count }, () => part)));
  expect((await client.closed).code).toBe(CLOSE.tooLarge);
});

test('whoever is refused in a close frame and goes on with garbage harms nobody', async () => {
  const socket = await raw();
  socket.resume();
  socket.write(
    Buffer.concat([
      Buffer.from(upgradeRequest('/ws', 'Origin: https://evil.example\r\n')),
      Buffer.alloc(100, 0xff),
    ]),
  );
  await once(socket, 'end');
  socket.destroy();
});

test.each([
  ['elsewhere', '/elsewhere', ''],
  ['to an address that is none', '//[', ''],
  ['with another version', '/ws', 'Sec-WebSocket-Version: 99\r\n'],
])('an upgrade %s is refused, and its socket is not kept for a client that stays', async (_, path, more) => {
  const socket = await raw();
  let response = '';
  socket.on('data', (bytes: Buffer) => (response += bytes.toString()));
  socket.write(upgradeRequest(path, more));
  await once(socket, 'end');
  expect(response).toMatch(/^HTTP\/1.1 4/);
  // A write to a socket that the server keeps half open would go well for ever.
  await eventually(() => {
    if (!socket.destroyed) socket.write('x');
    return socket.destroyed;
  });
});

test('an upgrade with a body is no crash: what follows the headers is read as frames', async () => {
  const socket = await raw();
  socket.resume();
  socket.write(`${upgradeRequest('/ws', 'Content-Length: 20\r\n')}${'x'.repeat(20)}`);
  await once(socket, 'end');
  socket.destroy();
  const post = await raw();
  post.resume();
  post.write(upgradeRequest('/ws').replace('GET', 'POST'));
  await once(post, 'end');
  post.destroy();
});

test('nothing goes after a close frame', async () => {
  const socket = await raw();
  const response: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => response.push(bytes));
  socket.write(upgradeRequest('/ws?job=nobody'));
  await once(socket, 'end');
  socket.destroy();
  const bytes = Buffer.concat(response);
  const opcodes: number[] = [];
  // A length of 126 stands for one in the next two bytes.
  const end = (at: number) =>
    bytes[at + 1] === 126 ? at + 4 + bytes.readUInt16BE(at + 2) : at + 2 + bytes[at + 1]!;
  for (let at = bytes.indexOf('\r\n\r\n') + 4; at < bytes.length; at = end(at))
    opcodes.push(bytes[at]! & 0x0f);
  expect(opcodes.at(-1)).toBe(8);
  expect(opcodes.indexOf(8)).toBe(opcodes.length - 1);
});

test('five hundred upgrades that are broken off at random moments leave nothing', async () => {
  const request = upgradeRequest('/ws');
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = await raw();
        socket.write(request.slice(0, Math.ceil(Math.random() * request.length * 1.3)));
        await sleep(Math.random() * 20);
        if (Math.random() < 0.5) socket.resetAndDestroy();
        else socket.destroy();
      }),
    );
  }
});

test('2,000 subscriptions: those beyond a thousand are refused in words, and all answers come in order', async () => {
  const client = await open();
  for (let id = 0; id < 2000; id++) client.send({ type: 'subscribe', id, channel: 'jobs', jobs: ['nobody'] });
  client.send({ type: 'ping' });
  await expect.poll(() => client.of('pong').length).toBe(1);
  expect(client.of('snapshot').map(({ id }) => id)).toEqual(Array.from({ length: 1000 }, (_, id) => id));
  expect(client.of('error').filter(({ code }) => code === 'too_many_subscriptions')).toHaveLength(1000);
  expect(await node.metric('sluice_gateway_subscriptions')).toBe(1000);
  client.socket.terminate();
});

test('one session cannot make a node watch more than 10,000 jobs', async () => {
  const client = await open();
  const names = (id: number) => Array.from({ length: 1000 }, (_, i) => `${id}-${i}`);
  for (let id = 0; id < 12; id++) client.send({ type: 'subscribe', id, channel: 'jobs', jobs: names(id) });
  client.send({ type: 'unsubscribe', id: 0 });
  client.send({ type: 'subscribe', id: 20, channel: 'jobs', jobs: names(20) });
  client.send({ type: 'subscribe', id: 21, channel: 'active' });
  await expect
    .poll(() => client.of('snapshot').map(({ id }) => id))
    .toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20]);
  await expect
    .poll(() => client.of('error').filter(({ code }) => code === 'too_many_subscriptions'))
    .toMatchObject([{ id: 10 }, { id: 11 }, { id: 21 }]);
  expect(await node.metric('sluice_feed_watches')).toBe(10_000);
  client.socket.terminate();
});

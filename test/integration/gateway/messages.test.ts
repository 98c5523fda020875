import { afterEach, expect, test } from 'vitest';

import { MAX_MESSAGE_BYTES } from '../../../src/contract/messages.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { TestClient } from '../../helpers/clients/ws.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

const redis = useRedis();
const node = use(() => GatewayNode.start(redis.url));
const jobs = new TestJobs(redis);
let clients: TestClient[] = [];

afterEach(() => {
  for (const { socket } of clients) socket.terminate();
  clients = [];
});

async function connect(protocols: string[] = []): Promise<TestClient> {
  const client = new TestClient(`${node.url}/ws`, {}, protocols);
  clients.push(client);
  await client.opened;
  return client;
}

test('each message that the protocol does not know gets an error in its turn, and the session goes on', async () => {
  const job = await jobs.claim('a');
  const client = await connect();
  client.socket.send('{"type":"dance","id":1}');
  client.socket.send('{"type":"subscribe","id":2,"channel":"dreams"}');
  client.socket.send('{"type":"subscribe","id":3,"channel":"active","colour":"red"}');
  client.socket.send('{"type":"subscribe","id":4,"channel":"jobs","jobs":"a"}');
  client.socket.send('words');
  client.socket.send(Buffer.from('{"type":"ping"}'));
  client.socket.send('{"type":"ping"}'.padEnd(MAX_MESSAGE_BYTES + 1, ' '));
  client.send({ type: 'subscribe', id: 5, channel: 'jobs', jobs: ['a'] });
  client.send({ type: 'ping', id: 6 });
  await expect.poll(() => client.of('pong')).toEqual([{ type: 'pong', id: 6 }]);
  const said = client.messages.map((message) =>
    message.type === 'error' ? [message.id, message.code] : message.type,
  );
  expect(said).toEqual([
    'welcome',
    [1, 'unknown_type'],
    [2, 'unknown_channel'],
    [3, 'unknown_field'],
    [4, 'invalid_message'],
    [undefined, 'invalid_message'],
    [undefined, 'invalid_message'],
    [undefined, 'message_too_large'],
    'snapshot',
    'pong',
  ]);
  await jobs.complete(job);
  await expect.poll(() => client.states('a').at(-1)?.status).toBe('completed');
});

test('an end of what was never there is acknowledged, too', async () => {
  const client = await connect();
  client.send({ type: 'unsubscribe', id: 9 });
  await expect.poll(() => client.of('unsubscribed')).toEqual([{ type: 'unsubscribed', id: 9 }]);
});

test('a client that offers only other versions is refused with a problem, before a session begins', async () => {
  const response = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const { socket } = new TestClient(`${node.url}/ws`, {}, ['sluice.v1', 'sluice.v3']);
    socket.on('unexpected-response', (_request, message) => {
      let body = '';
      message.on('data', (bytes: Buffer) => (body += bytes.toString()));
      message.on('end', () => resolve({ status: message.statusCode ?? 0, body }));
    });
    socket.on('open', () => reject(new Error('the server took the client')));
  });
  expect(response.status).toBe(400);
  expect(JSON.parse(response.body)).toMatchObject({
    code: 'unsupported_protocol',
    status: 400,
    detail: expect.stringContaining('sluice.v2') as string,
  });
  expect((await connect(['sluice.v1', 'sluice.v2'])).socket.protocol).toBe('sluice.v2');
  expect((await connect()).socket.protocol).toBe('');
});

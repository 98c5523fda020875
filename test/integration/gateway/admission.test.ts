import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';

import { CLOSE } from '../../../src/contract/messages.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { upgradeRequest } from '../../helpers/clients/raw-upgrade.ts';
import { useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const GENEROUS = { timeout: 60_000 };
const STORM = 3500;
/** Slows a process' clock to a fifth, so that the rate lets in few while they are answered, however slowly. */
const SLOW_CLOCK = `data:text/javascript,
  const now = performance.now.bind(performance);
  performance.now = () => now() / 5;`;
const BURST = 2000;
const MOST_AN_ADDRESS = 2000;
/** Makes a process take everybody for a client from elsewhere: loopback has no limit. */
const FROM_ELSEWHERE = `data:text/javascript,
  import { subscribe } from 'node:diagnostics_channel';
  subscribe('net.server.socket', ({ socket }) =>
    Object.defineProperty(socket, 'remoteAddress', { value: '192.0.2.1' }));`;
let node: GatewayNode | undefined;
let sockets: Socket[] = [];

const redis = useRedis();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await node?.emptied();
  await node?.close();
});

async function dial({ port }: GatewayNode): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}
/** Asks for a WebSocket. @returns the head of the response */
async function ask(socket: Socket): Promise<string> {
  socket.write(upgradeRequest('/ws'));
  const [response] = (await once(socket, 'data')) as [Buffer];
  return response.toString().split('\r\n\r\n')[0]!;
}
const isIn = (response: string) => response.startsWith('HTTP/1.1 101 ');

test('of those who all come at once a burst is let in; the others are told when, and who comes then gets in', async () => {
  const jobs = new TestJobs(redis);
  const job = await jobs.claim('a');
  node = await GatewayNode.start(redis.url, ['gateway'], ['--import', SLOW_CLOCK]);
  const early = new TestClient(`${node.url}/ws?job=a`);
  await expect.poll(() => early.of('snapshot').length).toBe(1);
  const storm: Socket[] = [];
  while (storm.length < STORM)
    storm.push(...(await Promise.all(Array.from({ length: 100 }, () => dial(node!)))));
  // Their requests wait for it, however slowly they are sent.
  node.signal('SIGSTOP');
  const responses = storm.map((socket) => ask(socket));
  await sleep(0);
  node.signal('SIGCONT');
  const refusals = (await Promise.all(responses)).filter((response) => !isIn(response));
  expect(refusals.length).toBeGreaterThan(0);
  expect(refusals.length).toBeLessThanOrEqual(STORM - BURST);
  for (const response of refusals)
    expect(response).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n(?=.*Retry-After: 1$)/ms);
  // Whoever was in before is served meanwhile.
  await jobs.complete(job);
  expect((await early.closed).code).toBe(CLOSE.done);
  for (let waiting = refusals.length; waiting > 0;) {
    await sleep(1000);
    const again = await Promise.all(Array.from({ length: waiting }, async () => ask(await dial(node!))));
    waiting = again.filter((response) => !isIn(response)).length;
  }
  expect(await node.metric('sluice_gateway_sessions')).toBe(STORM);
});

test('an address that has its 2,000 sessions is told that it has too many, until one of them ends', async () => {
  node = await GatewayNode.start(redis.url, ['gateway'], ['--import', FROM_ELSEWHERE]);
  const open: Socket[] = [];
  while (open.length < MOST_AN_ADDRESS) {
    const socket = await dial(node);
    if (isIn(await ask(socket))) open.push(socket);
    else await sleep(1000);
  }
  expect(await node.metric('sluice_gateway_sessions')).toBe(MOST_AN_ADDRESS);
  const refused = new TestClient(`${node.url}/ws`);
  expect(await refused.closed).toEqual({
    code: CLOSE.tooMany,
    reason: 'too many connections from this address',
  });
  expect(refused.messages).toEqual([]);
  expect(await node.closes(CLOSE.tooMany)).toBe(1);
  open[0]!.destroy();
  await expect.poll(() => node!.metric('sluice_gateway_sessions'), GENEROUS).toBe(MOST_AN_ADDRESS - 1);
  const next = new TestClient(`${node.url}/ws`);
  await expect.poll(() => next.of('welcome').length, GENEROUS).toBe(1);
  next.socket.terminate();
});

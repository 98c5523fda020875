import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { CLOSE } from '../../../src/contract/messages.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { residentMiB } from '../../helpers/measures/memory.ts';
import { upgradeRequest } from '../../helpers/clients/raw-upgrade.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { Watcher } from '../../helpers/clients/watcher.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const GENEROUS = { timeout: 60_000 };
/** Together the jobs are more than the 256 KiB that may wait for a client. */
const JOBS = 20;
const LONG = 'x'.repeat(20_000);
const DEAF = 5;
let reader: Watcher;
const sockets: { destroy(): void }[] = [];

const redis = useRedis();
const node = use(() => GatewayNode.start(redis.url));
const jobs = new TestJobs(redis);

beforeEach(async () => {
  reader = new Watcher([node.url], { channel: 'active' });
  await expect.poll(() => reader.snapshots, GENEROUS).toBe(1);
});
afterEach(async () => {
  // Whatever the others did, who reads has lost nothing.
  expect([reader.faults, reader.closes]).toEqual([[], []]);
  reader.end();
  for (const socket of sockets.splice(0)) socket.destroy();
  await node.emptied();
});

async function open(): Promise<TestClient> {
  const client = new TestClient(`${node.url}/ws`);
  await client.opened;
  sockets.push(client.tcp);
  return client;
}
/** Reports progress of all jobs again and again. */
async function stir(claimed: readonly ClaimedJob[], until: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 1; !(await until()); round++)
    await Promise.all(claimed.map((job) => jobs.step(job, 60, `${round} ${LONG}`)));
}

test('clients that never read are told to come again, cost little, and delay nobody', async () => {
  const ids = Array.from({ length: JOBS }, (_, i) => `job-${i}`);
  const claimed = await jobs.claimAll(ids);
  await expect.poll(() => reader.job(ids.at(-1)!)?.status, GENEROUS).toBe('processing');
  const deaf = await Promise.all(Array.from({ length: DEAF }, () => open()));
  for (const client of deaf) client.send({ type: 'subscribe', id: 1, channel: 'active' });
  await expect
    .poll(() => deaf.every((client) => client.of('snapshot').at(-1)?.more === false), GENEROUS)
    .toBe(true);
  for (const client of deaf) client.socket.pause();
  let mostBuffered = 0;
  await stir(claimed, async () => {
    mostBuffered = Math.max(mostBuffered, await node.metric('sluice_gateway_buffered_bytes'));
    return (await node.closes(CLOSE.tooFarBehind)) === DEAF;
  });
  // One frame each, with all the jobs in it.
  expect(mostBuffered).toBeLessThan(DEAF * JOBS * LONG.length * 1.2);
  expect(await node.metric('sluice_gateway_sessions')).toBe(1);
  await Promise.all(claimed.map((job) => jobs.complete(job)));
  await expect.poll(() => reader.ends.size, GENEROUS).toBe(JOBS);
  for (const client of deaf) {
    client.socket.resume();
    expect([CLOSE.tooFarBehind, 1006]).toContain((await client.closed).code);
  }
});

test.each([
  ['WebSocket pings', Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)])],
  ['JSON pings', Buffer.concat([Buffer.from([0x81, 0x80 | 15, 0, 0, 0, 0]), Buffer.from('{"type":"ping"}')])],
])('a flood of %s that reads no answers costs bounded memory', async (_, ping) => {
  const socket = connect(node.port, '127.0.0.1').on('error', () => {});
  sockets.push(socket);
  socket.write(upgradeRequest('/ws'));
  await expect.poll(() => node.metric('sluice_gateway_sessions')).toBe(2);
  socket.pause();
  const { now: before } = await residentMiB(node.pid);
  const flood = Buffer.concat(Array.from({ length: 5000 }, () => ping));
  const endsAt = performance.now() + 2000;
  while (performance.now() < endsAt) {
    if (socket.writableLength < 1024 * 1024) socket.write(flood);
    await sleep(1);
  }
  expect(await node.metric('sluice_gateway_buffered_bytes')).toBeLessThan(100_000);
  // What is garbage counts, too. Unbounded, it would be hundreds.
  expect((await residentMiB(node.pid)).now - before).toBeLessThan(120);
  // The others are served as if nothing were.
  const other = await open();
  other.send({ type: 'ping' });
  await expect.poll(() => other.of('pong').length).toBe(1);
});

test('a client that reads late has the latest states, and few of those between', async () => {
  const job = await jobs.claim('late');
  const client = await open();
  client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['late'] });
  await expect.poll(() => client.of('snapshot').length).toBe(1);
  client.tcp.pause();
  const endsAt = performance.now() + 500;
  await stir([job], () => performance.now() > endsAt);
  await jobs.complete(job);
  await expect.poll(() => reader.ends.has('late/1'), GENEROUS).toBe(true);
  client.tcp.resume();
  await expect.poll(() => client.states('late').at(-1)?.status).toBe('completed');
  const versions = client.states('late').map(({ version }) => version);
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
});

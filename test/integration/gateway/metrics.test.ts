import { afterEach, beforeEach, expect, test } from 'vitest';

import { CLOSE, LARGEST_READ_BYTES, type ClientMessage } from '../../../src/contract/messages.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';
import { TcpProxy } from '../../helpers/faults/tcp-proxy.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const GENEROUS = { timeout: 60_000 };
/** More than 65,535 bytes, which have the longer of the two headers. */
const LONG = 'x'.repeat(70_000);
const ROUND = 20;
const LONG_HEADER = 10;
const CANARY_TIMEOUT_SECONDS = 3;
let before: Record<string, number>;
let clients: TestClient[] = [];

const redis = useRedis();
/** The node's way to Redis. */
const proxy = use(() => TcpProxy.start(0, redis.port));
const node = use(() => GatewayNode.start(`redis://127.0.0.1:${proxy.port}`));
const jobs = new TestJobs(redis);

beforeEach(async () => {
  before = await node.metrics();
});
afterEach(async () => {
  proxy.latencyMs = 0;
  for (const { socket } of clients) socket.terminate();
  clients = [];
  await node.emptied();
});

async function open(path = '/ws', headers: Record<string, string> = {}): Promise<TestClient> {
  const client = new TestClient(node.url + path, headers);
  clients.push(client);
  await client.opened;
  return client;
}
async function subscribe(what: object): Promise<TestClient> {
  const client = await open();
  client.send({ type: 'subscribe', id: 1, ...what } as ClientMessage);
  await expect.poll(() => client.of('snapshot').at(-1)?.more, GENEROUS).toBe(false);
  return client;
}
/** What a metric says now, and by how much more that is than when the test began. */
async function read(name: string): Promise<{ now: number; more: number }> {
  const now = (await node.metrics())[`sluice_${name}`] ?? 0;
  return { now, more: now - (before[`sluice_${name}`] ?? 0) };
}
/** Returns the position up to which a client has everything. */
function position(client: TestClient) {
  return { epoch: client.of('welcome')[0]!.epoch, offset: client.of('snapshot').at(-1)!.offset };
}
const more = async (...names: string[]) => Promise.all(names.map(async (name) => (await read(name)).more));
const now = async (...names: string[]) => Promise.all(names.map(async (name) => (await read(name)).now));

test('every event, state and subscription of an exchange is counted, and pushes by how long they took', async () => {
  const [a, b] = await jobs.claimAll(['a', 'b']);
  const single = await open('/ws?job=a');
  await expect.poll(() => single.of('snapshot').length, GENEROUS).toBe(1);
  const both = await subscribe({ channel: 'jobs', jobs: ['a', 'b'] });
  const resumed = await subscribe({
    channel: 'jobs',
    jobs: ['a'],
    since: position(both),
  });
  both.send({ type: 'subscribe', id: 2, channel: 'active', since: position(both) });
  await expect.poll(() => both.of('snapshot').length, GENEROUS).toBe(2);
  expect(await now('gateway_sessions', 'gateway_subscriptions', 'feed_watches')).toEqual([3, 4, 5]);
  expect(await more('gateway_resumes_total', 'gateway_updates_sent_total')).toEqual([2, 0]);
  // Whatever Redis says arrives late: a push takes so long.
  proxy.latencyMs = 300;
  const beganAt = performance.now();
  for (let progress = 61; progress <= 63; progress++) {
    await jobs.step(a!, progress);
    for (const client of [single, both, resumed])
      await expect.poll(() => client.states('a').at(-1)?.progress, GENEROUS).toBe(progress);
  }
  await jobs.step(b!, 61);
  await expect.poll(() => both.states('b').at(-1)?.progress, GENEROUS).toBe(61);
  await jobs.complete(a!);
  expect((await single.closed).code).toBe(CLOSE.done);
  await expect.poll(() => both.of('gone'), GENEROUS).toMatchObject([{ id: 2, jobs: ['a'] }]);
  await expect.poll(() => resumed.states('a').at(-1)?.status, GENEROUS).toBe('completed');
  // Each job was queued, claimed, and reported; one has ended.
  expect(await more('feed_events_total')).toEqual([2 * 2 + 4 + 1]);
  // Those of `a` go to three sockets: whoever watches it twice is told once.
  const pushes = 4 * 3 + 1;
  expect(await more('gateway_updates_sent_total', 'gateway_updates_conflated_total')).toEqual([pushes, 0]);
  expect(await more('gateway_push_seconds_count', 'gateway_push_seconds_bucket{le="+Inf"}')).toEqual([
    pushes,
    pushes,
  ]);
  expect(await more('gateway_push_seconds_bucket{le="0.25"}')).toEqual([0]);
  const [seconds] = await more('gateway_push_seconds_sum');
  expect(seconds).toBeGreaterThan(pushes * 0.25);
  expect(seconds).toBeLessThan((pushes * (performance.now() - beganAt)) / 1000);
  expect(await now('gateway_sessions', 'gateway_subscriptions', 'feed_watches')).toEqual([2, 3, 4]);
});

test('what a socket has not taken is counted in bytes, and states that were replaced meanwhile as conflated', async () => {
  const job = await jobs.claim('long');
  const client = await subscribe({ channel: 'jobs', jobs: ['long'] });
  const buffered = async () => (await now('gateway_buffered_bytes'))[0]!;
  const sent = async () => (await more('gateway_updates_sent_total'))[0]!;
  expect(await buffered()).toBe(0);
  client.socket.pause();
  let steps = 0;
  let sentBefore: number;
  // Until the socket takes nothing of a whole round.
  do {
    sentBefore = await sent();
    // One after the other, because a session takes the steps of one message as one state.
    for (let i = 0; i < ROUND; i++) await jobs.step(job, 60, `${++steps} ${LONG}`);
    // Queued, claimed, and then the steps.
    await expect.poll(() => more('feed_events_total'), GENEROUS).toEqual([2 + steps]);
  } while ((await buffered()) === 0 || (await sent()) > sentBefore);
  const held = await buffered();
  client.socket.resume();
  const last = () => client.states('long').at(-1)?.message ?? '';
  await expect.poll(() => last().startsWith(`${steps} `), GENEROUS).toBe(true);
  // One frame: the latest state waits elsewhere.
  const frames = client.frames.filter((frame) => frame.startsWith('{"type":"update"'));
  expect(held).toBeGreaterThanOrEqual(frames.at(-2)!.length + LONG_HEADER);
  expect(held).toBeLessThan(frames.at(-2)!.length + LONG_HEADER + 100);
  await expect.poll(buffered, GENEROUS).toBe(0);
  expect(await sent()).toBe(frames.length);
  expect(await more('gateway_updates_conflated_total')).toEqual([steps - frames.length]);
  expect(steps - frames.length).toBeGreaterThanOrEqual(ROUND - 1);
});

test('closes are counted by their code, whoever closes, and whether a session had begun or not', async () => {
  const job = await jobs.claim('ends');
  const ends = await open('/ws?job=ends');
  await jobs.complete(job);
  const codes = [(await ends.closed).code, (await (await open('/ws?job=nobody')).closed).code];
  for (const [headers, leave] of [
    [{}, ({ socket }) => socket.send(Buffer.alloc(LARGEST_READ_BYTES + 1))],
    [{}, ({ socket }) => socket.send(Buffer.alloc(LARGEST_READ_BYTES + 1))],
    [{ origin: 'https://evil.example' }, () => {}],
    [{}, ({ socket }) => socket.close(4000)],
  ] as [Record<string, string>, (client: TestClient) => void][]) {
    const client = await open('/ws', headers);
    leave(client);
    codes.push((await client.closed).code);
  }
  for (let lost = 0; lost < 3; lost++) (await open()).socket.terminate();
  const counts = { 1000: 1, 4404: 1, 4413: 2, 4403: 1, 4000: 1, 1006: 3 };
  expect(codes).toEqual([1000, 4404, 4413, 4413, 4403, 4000]);
  for (const [code, count] of Object.entries(counts))
    await expect.poll(() => more(`gateway_closes_total{code="${code}"}`), GENEROUS).toEqual([count]);
});

test('while Redis stands still the canary grows old, and is young again once all was read anew', async () => {
  process.kill(redis.pid(), 'SIGSTOP');
  await expect.poll(() => now('feed_live'), GENEROUS).toEqual([0]);
  const stale = await node.metrics();
  expect(stale['sluice_feed_canary_age_seconds']).toBeGreaterThan(CANARY_TIMEOUT_SECONDS);
  process.kill(redis.pid(), 'SIGCONT');
  await expect.poll(() => now('feed_live'), GENEROUS).toEqual([1]);
  const [age] = await now('feed_canary_age_seconds');
  expect(age).toBeLessThan(stale['sluice_feed_canary_age_seconds']!);
  const [misses, rereads] = await more('feed_canary_misses_total', 'feed_rereads_total');
  expect(Math.min(misses!, rereads!)).toBeGreaterThan(0);
});

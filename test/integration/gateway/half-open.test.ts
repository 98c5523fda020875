import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Registry } from '@prometheus-io/client';
import { beforeAll, expect, test } from 'vitest';

import { Access } from '../../../src/access/access.ts';
import { Passes } from '../../../src/access/passes.ts';
import { Guard } from '../../../src/access/guard.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { JobFeed } from '../../../src/jobs/feed/job-feed.ts';
import { Limiter } from '../../../src/limits/limiter.ts';
import { readStatistics } from '../../../src/jobs/reads/job-statistics.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { WIDE_LIMITS } from '../../helpers/faults/limits.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { TcpProxy } from '../../helpers/faults/tcp-proxy.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const HEARTBEAT_MS = 1000;
const registry = new Registry();

const keys = createKeys();
const logger = quietLogger();

const redis = useRedis();
const feed = use(() => {
  const store = new JobStore(redis.client, keys);
  const connect = () => redis.client.duplicate().on('error', () => {});
  return new JobFeed(connect, redis.client, { store, keys, logger });
});
const server = use(() => createServer());
const gateway = use(() => {
  const access = new Access(undefined, new Passes(redis.client, keys));
  const readStats = () => readStatistics(redis.client, keys);
  return new Gateway(
    { feed, registry, access, readStats, readBatch: async () => undefined },
    new Guard([], [], logger),
    logger,
    {
      heartbeatMs: HEARTBEAT_MS,
      limiter: new Limiter(WIDE_LIMITS),
      clientOf: () => 'address:127.0.0.1',
    },
  );
});

beforeAll(async () => {
  gateway.attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
const proxy = use(() => TcpProxy.start(0, (server.address() as AddressInfo).port));

/** Connects past the proxy. */
async function open(path = '/ws'): Promise<TestClient> {
  const client = new TestClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  await client.opened;
  return client;
}
const count = async (name: string) =>
  (await registry.getSingleMetric(name)!.get()).values.reduce((sum, { value }) => sum + value, 0);

test('clients that vanished without a word are cut within two heartbeats, and those that answer are not', async () => {
  const alive = await open();
  const lost = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const client = new TestClient(`http://127.0.0.1:${proxy.port}/ws`);
      await client.opened;
      client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['a', 'b'] });
      return client;
    }),
  );
  await expect.poll(() => count('sluice_gateway_subscriptions')).toBe(20);
  expect(alive.of('welcome')[0]!.heartbeat_ms).toBe(HEARTBEAT_MS);
  proxy.stall();
  for (const client of lost) client.socket.terminate();
  await expect.poll(() => count('sluice_gateway_sessions'), { timeout: 60_000 }).toBe(1);
  expect(await count('sluice_gateway_subscriptions')).toBe(0);
  for (let heartbeat = 0; heartbeat < 2; heartbeat++) await once(alive.socket, 'ping');
  expect(await count('sluice_gateway_sessions')).toBe(1);
  alive.socket.terminate();
});

test('while the feed is stale sessions are answered and live on, and what they subscribed to comes after', async () => {
  const jobs = new TestJobs(redis);
  await jobs.enqueue(['a', 'b']);
  const early = await open();
  // Not read yet when Redis goes away.
  early.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['a'] });
  await redis.kill();
  await expect.poll(() => feed.live).toBe(false);
  const late = await open();
  const one = await open('/ws?job=a');
  const unknown = await open('/ws?job=nobody');
  let pings = 0;
  late.socket.on('ping', () => pings++);
  for (let id = 1; id <= 20; id++) {
    late.send({ type: 'subscribe', id, channel: 'jobs', jobs: ['a', 'nobody'] });
    late.send({ type: 'ping' });
  }
  late.send({ type: 'subscribe', id: 20, channel: 'active' });
  for (let id = 3; id <= 20; id++) late.send({ type: 'unsubscribe', id });
  late.send({ type: 'subscribe', id: 30, channel: 'active' });
  late.send({ type: 'ping' });
  await expect.poll(() => late.of('pong').length).toBe(21);
  expect(late.of('error')).toMatchObject([{ id: 20, code: 'subscription_in_use' }]);
  expect(await count('sluice_gateway_subscriptions')).toBe(6);
  // By the third one a peer that was not read from would be cut.
  await expect.poll(() => pings).toBeGreaterThan(3);
  expect(late.of('snapshot')).toEqual([]);
  await redis.start();
  await expect.poll(() => late.of('snapshot').map(({ id }) => id)).toEqual([1, 2, 30]);
  expect(late.of('error').slice(1)).toMatchObject([
    { id: 1, jobs: ['nobody'] },
    { id: 2, jobs: ['nobody'] },
  ]);
  await expect.poll(() => early.states('a').length).toBeGreaterThan(0);
  expect((await unknown.closed).code).toBe(4404);
  await jobs.queue.cancel('a');
  expect((await one.closed).code).toBe(1000);
  for (const client of [early, late]) {
    await expect.poll(() => client.states('a').at(-1)?.status).toBe('failed');
    expect(
      client
        .of('snapshot')
        .flatMap(({ jobs }) => jobs)
        .filter(({ status }) => status === 'failed'),
    ).toEqual([]);
    client.socket.terminate();
  }
});

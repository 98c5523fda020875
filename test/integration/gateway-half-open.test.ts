import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { Gateway } from '../../src/gateway/gateway.ts';
import { JobFeed } from '../../src/jobs/job-feed.ts';
import { JobStore } from '../../src/jobs/job-store.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { quietLogger } from '../helpers/roles.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';
import { TestClient } from '../helpers/ws.ts';

const HEARTBEAT_MS = 2000;
const registry = new Registry();
const server = createServer();
let redis: TestRedis;
let feed: JobFeed;
let gateway: Gateway;
let proxy: TcpProxy;

beforeAll(async () => {
  redis = await startRedis();
  const keys = createKeys();
  const logger = quietLogger();
  const store = new JobStore(redis.client, keys);
  feed = new JobFeed(() => redis.client.duplicate(), redis.client, { store, keys, logger });
  gateway = new Gateway({ feed, registry }, [], logger, HEARTBEAT_MS);
  gateway.attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await TcpProxy.start(0, (server.address() as AddressInfo).port);
});
afterAll(async () => {
  await gateway.close();
  server.close();
  feed.close();
  await proxy.close();
  await redis.close();
});

const count = async (name: string) =>
  (await registry.getSingleMetric(name)!.get()).values.reduce((sum, { value }) => sum + value, 0);

test('clients that vanished without a word are cut within two heartbeats, and those that answer are not', async () => {
  const { port } = server.address() as AddressInfo;
  const alive = new TestClient(`http://127.0.0.1:${port}/ws`);
  await alive.opened;
  const lost = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const client = new TestClient(`http://127.0.0.1:${proxy.port}/ws`);
      await client.opened;
      client.send({ type: 'subscribe', id: 1, jobs: ['a', 'b'] });
      return client;
    }),
  );
  await expect.poll(() => count('sluice_gateway_subscriptions')).toBe(20);
  expect(alive.of('welcome')[0]!.heartbeat_ms).toBe(HEARTBEAT_MS);
  proxy.stall();
  for (const client of lost) client.socket.terminate();
  await expect.poll(() => count('sluice_gateway_sessions'), { timeout: 2 * HEARTBEAT_MS + 2000 }).toBe(1);
  expect(await count('sluice_gateway_subscriptions')).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 2 * HEARTBEAT_MS));
  expect(await count('sluice_gateway_sessions')).toBe(1);
  alive.socket.terminate();
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { startBackends, type Backends } from '../../helpers/servers/backends.ts';
import { startRedis, type TestRedis } from '../../helpers/servers/redis.ts';
import { startTestRoles, type TestRoles } from '../../helpers/servers/roles.ts';
import { TcpProxy } from '../../helpers/faults/tcp-proxy.ts';
import { expectAccepted, expectRefused, storedFiles, upload } from '../../helpers/clients/uploads.ts';

let backends: Backends;
let redis: TestRedis;
let proxy: TcpProxy;
let roles: TestRoles;

beforeAll(async () => {
  [backends, redis] = await Promise.all([startBackends(), startRedis()]);
  proxy = await TcpProxy.start(0, redis.port);
});
afterAll(async () => {
  await proxy?.close();
  await Promise.all([backends?.close(), redis?.close()]);
});
beforeEach(async () => {
  await redis.client.flushall();
  const url = `redis://127.0.0.1:${proxy.port}`;
  roles = await startTestRoles(['api', 'worker'], { ...backends.env, REDIS_URL: url, LEASE_MS: '8000' });
});
afterEach(async () => {
  proxy.latencyMs = 0;
  backends.embedder.delayMs = 0;
  await roles.close();
});

async function job(id: string): Promise<Job> {
  return (await (await fetch(`${roles.url}/api/jobs/${id}`)).json()) as Job;
}

/** Each job has run once, and has completed once. */
async function expectCompletedOnce(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await expect.poll(async () => (await job(id)).status).toBe('completed');
    expect(await job(id)).toMatchObject({ attempt: 1 });
  }
  expect(await redis.client.hgetall('jobs:outcomes')).toEqual({ completed: `${ids.length}` });
}

test('a Redis that takes its time makes everything slower, and nothing else', async () => {
  proxy.latencyMs = 100;
  const responses = await Promise.all(Array.from({ length: 5 }, (_, i) => upload(roles.url, `Text ${i}.`)));
  await expectCompletedOnce(await Promise.all(responses.map(expectAccepted)));
});

test('a Redis that stands still for seconds refuses uploads meanwhile, and costs a running job nothing', async () => {
  backends.embedder.delayMs = 1500;
  const id = await expectAccepted(await upload(roles.url));
  await expect.poll(async () => (await job(id)).progress).toBe(60);
  await redis.client.client('PAUSE', 3700);
  // Given up while Redis stands still, and taken while it does: what it goes on with is both.
  const refused = [upload(roles.url), upload(roles.url)];
  await sleep(2000);
  const late = upload(roles.url);
  for (const response of await Promise.all(refused)) await expectRefused(response, 'queue_unavailable');
  const accepted = await expectAccepted(await late);
  await expectCompletedOnce([id, accepted]);
  expect(await redis.client.zrange('jobs:recent', '0', '-1')).toEqual([id, accepted]);
  const originals = (await storedFiles(roles.dataDir)).filter((name) => !name.includes('.'));
  expect(originals.sort()).toEqual([id, accepted].sort());
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { FOR_EACH, use, useBackends, useRedis, useRoles } from '../../helpers/servers/use.ts';
import { TcpProxy } from '../../helpers/faults/tcp-proxy.ts';
import { expectAccepted, expectRefused, storedFiles, upload } from '../../helpers/clients/uploads.ts';

const backends = useBackends();
const redis = useRedis();
const proxy = use(() => TcpProxy.start(0, redis.port));

beforeEach(() => redis.client.flushall());
const roles = useRoles(
  ['api', 'worker'],
  () => ({ ...backends.env, REDIS_URL: `redis://127.0.0.1:${proxy.port}`, LEASE_MS: '8000' }),
  FOR_EACH,
);
afterEach(() => {
  proxy.latencyMs = 0;
  backends.embedder.delayMs = 0;
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

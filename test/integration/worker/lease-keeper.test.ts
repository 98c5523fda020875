import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { listenForCancellations } from '../../../src/jobs/feed/cancellations.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { LeaseKeeper } from '../../../src/worker/claim/lease-keeper.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';
import { useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

const keys = createKeys();
/** Nothing is renewed within a test: what is found out was asked for. */
const LEASE_MS = 600_000;
let subscriber: Redis;
let leases: LeaseKeeper;
let lost: string[];

const redis = useRedis();
const jobs = new TestJobs(redis);

beforeEach(async () => {
  await redis.client.flushall();
  lost = [];
  leases = new LeaseKeeper(jobs.queue, LEASE_MS, quietLogger());
  subscriber = new Redis(redis.url, { retryStrategy: () => 200, maxRetriesPerRequest: null });
  subscriber.on('error', () => {});
  await listenForCancellations(subscriber, keys, (jobId) => leases.ask(jobId));
  for (const job of await jobs.claimAll(['a', 'b'])) leases.keep(job, () => lost.push(job.id));
});
afterEach(() => {
  leases.close();
  subscriber.disconnect();
});

test('a cancelled job is lost at once, and no other', async () => {
  await jobs.queue.cancel('a');
  await expect.poll(() => lost).toEqual(['a']);
});

test('a job that is said to be cancelled, and is not, goes on', async () => {
  await redis.client.publish(keys.cancelled, 'a');
  await jobs.queue.cancel('b');
  await expect.poll(() => lost).toEqual(['b']);
  expect(lost).toEqual(['b']);
});

test('a cancellation that nobody could hear is found out once the subscription stands again', async () => {
  const closed = once(subscriber, 'close');
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await closed;
  await jobs.queue.cancel('a');
  await expect.poll(() => lost).toEqual(['a']);
});

import { beforeEach, expect, test } from 'vitest';

import { CleanupLog, LONGEST_PUT_OFF_MS } from '../../../src/jobs/transitions/cleanup-log.ts';
import { LONGEST_BACKOFF_MS } from '../../../src/jobs/transitions/longest-backoff.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

// Each test gives Redis times that lie an hour ahead, as after a clock was set back.
const HOUR_MS = 60 * 60 * 1000;
/** Far less than an hour, and far more than a test takes, in ms. */
const MARGIN_MS = 2 * 60 * 1000;
const keys = createKeys();
const failure = { error: 'x', errorCode: 'corrupt' } as const;

const redis = useRedis();
const jobs = new TestJobs(redis);
beforeEach(() => redis.client.flushall());

const claimed = async () => (await jobs.queue.claim(5)).jobs.map(({ id }) => id);
/** Reads Redis' own clock. */
async function now(): Promise<number> {
  const [seconds, micros] = await redis.client.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
/** Returns how far ahead a member's time lies, in ms. */
const ahead = async (key: string, member: string) =>
  Number(await redis.client.zscore(key, member)) - (await now());
/** Moves the times of a sorted set an hour ahead, as after a clock was set back. */
async function goBack(key: string): Promise<void> {
  for (const member of await redis.client.zrange(key, '0', '-1'))
    await redis.client.zincrby(key, HOUR_MS, member);
}

test('a waiting job is retried soon', async () => {
  await jobs.queue.retry(await jobs.claim('a'), 1000, failure);
  await goBack(keys.delayed);
  expect(await claimed()).toEqual(['a']);
  expect(await redis.client.zcard(keys.delayed)).toBe(0);
});

test('a job that another program delays for ever is retried soon', async () => {
  await jobs.queue.retry(await jobs.claim('a'), 1000, failure);
  await redis.client.zadd(keys.delayed, '+inf', 'a');
  expect(await claimed()).toEqual(['a']);
});

test('the longest wait that a service may ask for is kept', async () => {
  await jobs.queue.retry(await jobs.claim('a'), LONGEST_BACKOFF_MS, failure);
  expect(await jobs.queue.claim(5)).toMatchObject({ jobs: [] });
  expect(await ahead(keys.delayed, 'a')).toBeGreaterThan(LONGEST_BACKOFF_MS - MARGIN_MS);
});

test('a lease of a lost worker ends in its time', async () => {
  await jobs.claim('a');
  await goBack(keys.leases);
  await redis.client.set(keys.swept, (await now()) + HOUR_MS);
  await jobs.queue.expireLeases();
  expect(await ahead(keys.leases, 'a')).toBeLessThanOrEqual(60_000 + 1000);
  await redis.client.zadd(keys.leases, (await now()) - 1000, 'a');
  expect(await jobs.queue.expireLeases()).toEqual({ requeued: 1, failed: 0 });
});

test('an id without a hash is forgotten a minute after it was found, and not an hour later', async () => {
  await redis.client.lpush(keys.queue, 'nobody');
  await claimed();
  await goBack(keys.limbo);
  await claimed();
  expect(await ahead(keys.limbo, 'nobody')).toBeLessThanOrEqual(0);
  await redis.client.zincrby(keys.limbo, -61_000, 'nobody');
  await claimed();
  expect(await redis.client.zcard(keys.limbo)).toBe(0);
});

test('no cleanup waits longer than a day', async () => {
  const cleanups = new CleanupLog(redis.client, keys, 1000);
  const entry = (generation: string) => JSON.stringify(['default', 'papers', 'a', generation, 1]);
  await redis.client.zadd(keys.cleanup, (await now()) + LONGEST_PUT_OFF_MS + HOUR_MS, entry('1-far'));
  await redis.client.zadd(keys.cleanup, '+inf', entry('1-never'));
  expect(await cleanups.due(20)).toEqual([]);
  for (const generation of ['1-far', '1-never']) {
    expect(await ahead(keys.cleanup, entry(generation))).toBeLessThanOrEqual(LONGEST_PUT_OFF_MS + 1000);
    // A wait for safety stays whole.
    expect(await ahead(keys.cleanup, entry(generation))).toBeGreaterThan(LONGEST_PUT_OFF_MS - MARGIN_MS);
  }
});

test('no shown duration is negative', async () => {
  const store = new JobStore(redis.client, keys);
  const held = await jobs.claim('a');
  await redis.client.hset(keys.job('a'), 'started_ms', (await now()) + HOUR_MS);
  await jobs.complete({ ...held, hash: { ...held.hash, started_ms: `${(await now()) + HOUR_MS}` } });
  const state = await store.read('default', 'a');
  expect(JSON.parse(state?.json ?? '')).toMatchObject({
    status: 'completed',
    result: { processing_time_ms: 0 },
  });
});

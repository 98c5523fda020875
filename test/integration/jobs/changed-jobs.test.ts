import { beforeEach, expect, test } from 'vitest';

import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

/** Entries that the set keeps, and events between two looks at its size: as `changed.lua` has them. */
const MOST = 100_000;
const TRIM_EVERY = 1024;

const redis = useRedis();
const jobs = new TestJobs(redis);
let store: JobStore;
const KEY = 'jobs:changed';

beforeEach(async () => {
  await redis.client.flushall();
  store = new JobStore(redis.client, createKeys());
  await store.epochs.open();
});
const offset = async () => Number(await redis.client.get('jobs:offset'));
const commandsOf = async (name: string) => {
  const stats = await redis.client.info('commandstats');
  return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
};

test('each job stands with the offset of its last event', async () => {
  const claimed = await jobs.claimAll(['a', 'b', 'c']);
  const before = await offset();
  for (const job of claimed.slice(0, 2)) await jobs.step(job, 62);
  await jobs.complete(claimed[0]!);
  expect(await store.changes.since(before)).toEqual(new Set(['a', 'b']));
  expect(await store.changes.among(['a', 'b', 'c', 'unknown'], before + 1)).toEqual(new Set(['a', 'b']));
  expect(await store.changes.since(before + 2)).toEqual(new Set(['a']));
  expect(await redis.client.zscore(KEY, 'a')).toBe(`${await offset()}`);
  expect(await redis.client.zscore(KEY, 'c')).toBe(`${before}`);
});

test('the events of one message cost one command', async () => {
  const claimed = await jobs.claimAll(Array.from({ length: 50 }, (_, i) => `job-${i}`));
  const before = await offset();
  const commands = await commandsOf('zadd');
  // The reports of a turn go together, the first one alone.
  await Promise.all(claimed.map((job) => jobs.step(job, 62)));
  expect((await commandsOf('zadd')) - commands).toBeLessThan(5);
  expect((await store.changes.since(before))?.size).toBe(50);
});

test('the set keeps the latest jobs, and knows below which offset it has no answer', async () => {
  const old = Array.from({ length: MOST + 500 }, (_, i) => [i + 1, `old-${i + 1}`]).flat();
  for (let from = 0; from < old.length; from += 20_000)
    await redis.client.zadd(KEY, ...old.slice(from, from + 20_000));
  await redis.client.set('jobs:offset', MOST + 500);
  await jobs.enqueue(Array.from({ length: TRIM_EVERY }, (_, i) => `new-${i}`));
  const size = await redis.client.zcard(KEY);
  expect(size).toBeGreaterThan(MOST - TRIM_EVERY);
  expect(size).toBeLessThanOrEqual(MOST + TRIM_EVERY);
  const floor = Number(await redis.client.zscore(KEY, ''));
  expect(await redis.client.zcount(KEY, '-inf', floor)).toBe(1);
  expect(await store.changes.among(['new-0'], floor)).toEqual(new Set(['new-0']));
  expect(await store.changes.among(['new-0'], floor - 1)).toBeUndefined();
  // Too many jobs have changed for a small message.
  expect(await store.changes.since(floor)).toBeUndefined();
  expect((await store.changes.since(MOST + 500))?.size).toBe(TRIM_EVERY);
});

test('a new epoch starts an empty set, and a set without a floor has no answer', async () => {
  await jobs.enqueue(['a']);
  const before = await offset();
  expect(await store.changes.since(before - 1)).toEqual(new Set(['a']));
  await store.epochs.open({ epoch: store.epochs.last.epoch, offset: before + 1 });
  expect(await store.changes.since(before - 1)).toBeUndefined();
  expect(await store.changes.since(before)).toEqual(new Set());
  await redis.client.del(KEY);
  await jobs.enqueue(['b']);
  expect(await store.changes.since(before)).toBeUndefined();
  await store.epochs.open();
  expect(await store.changes.since(before)).toBeUndefined();
  expect(await store.changes.since(before + 1)).toEqual(new Set());
});

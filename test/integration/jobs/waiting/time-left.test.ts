import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import { Batches } from '../../../../src/jobs/batches/batches.ts';
import type { ClaimedJob } from '../../../../src/jobs/model/claimed-job.ts';
import { complete, enqueue } from '../../../helpers/stores/lines.ts';
import { job as read, keys, queue, redis, useQueue } from '../../../helpers/stores/queue.ts';

useQueue();

/** What 10 runs of 1,000 bytes and 10 chunks cost: 100 ms to parse, 800 ms to embed, 100 ms to store. */
const COSTS = '1 1000 10 10000 1000 100 8000 1000';
const left = async (id: string) => (await read(id)).time_left_ms;
const add = (id: string, file_size = 1000, more = {}) => enqueue(id, id, 'skip', { file_size, ...more });
const take = async (count: number) => (await queue.claim(count)).jobs;
const mark = (
  job: ClaimedJob,
  stage: 'parse' | 'chunk' | 'embed' | 'store',
  progress: number,
  done?: number,
) =>
  queue.progress(job, {
    progress,
    message: stage,
    stage,
    counts: done === undefined ? {} : { chunks_done: done, chunks_total: 10 },
  });

test('nobody knows the time left before the first run, and each completed run teaches it', async () => {
  await add('a');
  expect(await left('a')).toBeUndefined();
  const [a] = await take(1);
  await mark(a!, 'chunk', 30);
  await sleep(20);
  await mark(a!, 'embed', 60, 0);
  await mark(a!, 'store', 80, 10);
  await complete(a!);
  const [ofByte = Number.NaN, ofRun = Number.NaN, ...sums] = (await redis.client.get(keys.costs))!
    .split(' ')
    .map(Number);
  expect(sums.slice(0, 2)).toEqual([1, 1000]);
  expect(sums[2]).toBeGreaterThanOrEqual(19);
  expect(sums[3]).toBe(7);
  expect(ofRun).toBeCloseTo(sums[2]! + sums[4]! + sums[5]!, 1);
  expect(ofByte * 1000).toBeCloseTo(ofRun, 1);
  await add('b', 2000);
  expect(Math.abs((await left('b'))! - 2 * ofRun)).toBeLessThanOrEqual(1);
});

test('a waiting job adds the runs of the jobs ahead, shared by the jobs that run at once', async () => {
  await redis.client.set(keys.costs, COSTS);
  await redis.client.zadd(keys.leases, Date.now() + 60_000, 'x', Date.now() + 60_000, 'y');
  await add('a');
  await add('b', 3000);
  await add('c');
  expect([await left('a'), await left('b'), await left('c')]).toEqual([1000, 3500, 2000]);
});

test('a running job says what its stage leaves, and an ended or delayed one nothing', async () => {
  await redis.client.set(keys.costs, COSTS);
  await add('a');
  const [a] = await take(1);
  expect(await left('a')).toBe(1000);
  await mark(a!, 'chunk', 30);
  expect(await left('a')).toBe(900);
  // Its chunks are known now.
  await mark(a!, 'chunk', 60, 0);
  expect(await left('a')).toBe(900);
  await mark(a!, 'embed', 60, 0);
  const first = (await left('a'))!;
  await mark(a!, 'embed', 70, 5);
  const second = (await left('a'))!;
  expect(second).toBeLessThan(first);
  await mark(a!, 'store', 80, 10);
  expect(await left('a')).toBe(100);
  await queue.retry(a!, 60_000, { error: 'e', errorCode: 'deadline' });
  expect(await left('a')).toBeUndefined();
  await add('b');
  const [b] = await take(1);
  await complete(b!);
  expect(await left('b')).toBeUndefined();
});

test('a run that waited for a service, repeats another or lacks a stage teaches nothing', async () => {
  for (const id of ['waited', 'second', 'short']) await add(id);
  const jobs = new Map((await take(3)).map((job) => [job.id, job]));
  const waited = jobs.get('waited')!;
  await mark(waited, 'embed', 60, 0);
  await queue.progress(waited, {
    progress: 60,
    message: 'm',
    stage: 'embed',
    counts: {},
    waitingFor: 'embedder',
  });
  await mark(waited, 'store', 80, 10);
  await complete(waited);
  await complete(jobs.get('short')!);
  await queue.retry(jobs.get('second')!, 1, { error: 'e', errorCode: 'deadline' });
  let again: ClaimedJob | undefined;
  await expect.poll(async () => (again = (await take(1))[0])).toBeDefined();
  await mark(again!, 'embed', 60, 0);
  await mark(again!, 'store', 80, 10);
  await complete(again!);
  expect(await redis.client.exists(keys.costs)).toBe(0);
});

test.each(['text', '1 1000 10 -5 1 1 1 1', '1 1000', 'nan nan nan nan nan nan nan nan', ['list']])(
  'costs that another program has spoilt stop no job, and the next run heals them: %j',
  async (spoilt) => {
    if (typeof spoilt === 'string') await redis.client.set(keys.costs, spoilt);
    else await redis.client.lpush(keys.costs, ...spoilt);
    await add('a');
    const [a] = await take(1);
    await mark(a!, 'embed', 60, 0);
    await mark(a!, 'store', 80, 10);
    expect(await complete(a!)).toBe('a');
    const sums = (await redis.client.get(keys.costs))!.split(' ').map(Number);
    expect(sums).toHaveLength(8);
    expect(sums.every((sum) => Number.isFinite(sum) && sum >= 0)).toBe(true);
  },
);

test('a batch shares its bytes among the jobs that run at once', async () => {
  const batches = new Batches(redis.client, keys);
  const view = async () => (await batches.read('default', 'b'))!.time_left_ms;
  for (let i = 0; i < 4; i++) await add(`j${i}`, 1000, { batch: 'b' });
  expect(await view()).toBeUndefined();
  await redis.client.set(keys.costs, COSTS);
  expect(await view()).toBe(4000);
  const [one, two] = await take(2);
  expect(await view()).toBe(2000);
  await complete(one!);
  await complete(two!);
  expect(await view()).toBe(2000);
  for (const job of await take(2)) await complete(job);
  expect(await view()).toBeUndefined();
});

import { beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { Batches } from '../../../../src/jobs/batches/batches.ts';
import { quietLogger } from '../../../helpers/servers/roles.ts';
import { claimOne, document, keys, payload, queue, redis, useQueue } from '../../../helpers/stores/queue.ts';
import { BatchSweep } from '../../../../src/worker/recovery/batch-sweep.ts';

// What other programs write under the names of a batch, or into its jobs.
useQueue();
let batches: Batches;
beforeAll(() => {
  batches = new Batches(redis.client, keys);
});

const counts = keys.batchCounts('default', 'b');
const jobs = keys.batchJobs('default', 'b');
const states = keys.batchStates('default', 'b');
const signal = new AbortController().signal;
const read = () => batches.read('default', 'b');
const add = (id: string) => queue.enqueue(id, 'default', { ...payload, file_size: 10, batch: 'b' });

describe('a batch of a completed, a failed and a queued job', () => {
  beforeEach(async () => {
    for (const id of ['a', 'c', 'd']) await add(id);
    await queue.complete(await claimOne(), document);
    await queue.fail(await claimOne(), { message: 'x', error: 'x', errorCode: 'corrupt' });
  });

  test.each<[string, () => Promise<unknown>]>([
    ['counts of another type', () => redis.client.set(counts, 'x')],
    ['deleted counts', () => redis.client.del(counts)],
    ['a count that is text', () => redis.client.hset(counts, 'completed', 'many')],
    ['a negative count', () => redis.client.hset(counts, 'queued', -4)],
    ['a wrong count', () => redis.client.hset(counts, 'completed', 7)],
    ['failures that are none', () => redis.client.hset(counts, 'failure:other', 5)],
    ['more bytes done than there are', () => redis.client.hset(counts, 'bytes_done', 31)],
    ['no time of creation', () => redis.client.hdel(counts, 'created_ms')],
    ['shares of another type', () => redis.client.set(states, 'x')],
    ['deleted shares', () => redis.client.del(states)],
    ['a share that is text', () => redis.client.hset(states, 'a', 'x')],
    ['a share of an unknown job', () => redis.client.hset(states, 'z', 'queued:9')],
    ['a list of jobs of another type', () => redis.client.set(jobs, 'x')],
    ['a deleted list of jobs', () => redis.client.del(jobs)],
    ['a deleted list of jobs, one of which has expired', () => redis.client.del(jobs, keys.job('a'))],
    ['a list without a job', () => redis.client.zrem(jobs, 'd')],
  ])('is counted anew at the next read after %s', async (_what, spoil) => {
    await spoil();
    const view = await read();
    expect(view).toMatchObject({
      total: 3,
      counts: { queued: 1, processing: 0, retrying: 0, completed: 1, failed: 1, cancelled: 0 },
      bytes: { total: 30, done: 20 },
    });
    expect(view?.failures).toEqual({ corrupt: 1 });
    expect((await redis.client.zrange(jobs, '0', '-1')).toSorted()).toEqual(['a', 'c', 'd']);
  });

  test.each([counts, jobs, states])('keeps no job from running: %s of another type', async (key) => {
    await redis.client.del(key);
    await redis.client.set(key, 'x');
    await queue.complete(await claimOne(), { ...document, documentId: 'd' });
    await add('e');
    await batches.compare({ tenant: 'default', batch: 'b' });
    expect(await read()).toMatchObject({ total: 4, counts: { queued: 1, completed: 2, failed: 1 } });
  });

  test('a sweep counts jobs that another program has ended, and leaves out those that it has deleted', async () => {
    await redis.client.hset(keys.job('d'), 'status', 'completed');
    await add('e');
    await redis.client.del(keys.job('e'));
    const sweep = new BatchSweep({ batches, logger: quietLogger() });
    await sweep.sweep(signal);
    // It is not due yet.
    expect(await read()).toMatchObject({ total: 4, counts: { queued: 2 } });
    const [entry = ''] = await redis.client.zrange(keys.batches, '0', '-1');
    await redis.client.zadd(keys.batches, 0, entry);
    await sweep.sweep(signal);
    expect(await read()).toMatchObject({ total: 3, counts: { queued: 0, completed: 2, failed: 1 } });
    expect(Number(await redis.client.zscore(keys.batches, entry))).toBeGreaterThan(Date.now());
  });
});

test('the list of the sweep loses foreign entries and batches that have gone, and its times come back', async () => {
  await add('a');
  const [entry = ''] = await redis.client.zrange(keys.batches, '0', '-1');
  await redis.client.zadd(keys.batches, 0, 'x', 0, '["default",7]', 0, '["default","gone"]');
  await redis.client.zadd(keys.batches, Date.now() + 1e9, entry);
  expect(await batches.due()).toEqual([]);
  expect(await redis.client.zrange(keys.batches, '0', '-1')).toEqual([entry]);
  expect(Number(await redis.client.zscore(keys.batches, entry))).toBeLessThan(Date.now() + 1e8);
  await redis.client.zadd(keys.batches, 0, entry);
  expect(await batches.due()).toEqual([{ tenant: 'default', batch: 'b' }]);
});

test('a repair removes a list of the sweep of another type', async () => {
  await redis.client.set(keys.batches, 'x');
  await queue.repair('0');
  expect(await batches.due()).toEqual([]);
});

test('a job of another program without an id or with a payload that makes no sense counts nothing twice', async () => {
  await redis.client.hset(keys.job('f'), 'payload', '{"file_size":"x"', 'batch', 'b', 'status', 'queued');
  await redis.client.lpush(keys.queue, 'f');
  await claimOne();
  expect(await read()).toMatchObject({ total: 1, counts: { processing: 1 }, bytes: { total: 0, done: 0 } });
});

import { beforeAll, beforeEach, expect, test } from 'vitest';

import { readStatistics } from '../../../src/jobs/reads/job-statistics.ts';
import { DocumentRegistry } from '../../../src/documents/registry.ts';
import { CleanupLog } from '../../../src/jobs/transitions/cleanup-log.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

// What other programs write under our names, by mistake or worse.
const keys = createKeys();
const payload = { filename: 'a.txt', collection: 'papers', file_key: 'default/a' } as JobPayload;
let store: JobStore;

const redis = useRedis();
const jobs = new TestJobs(redis);

beforeAll(() => {
  store = new JobStore(redis.client, keys);
});
beforeEach(() => redis.client.flushall());

const status = async (id: string) => (await store.read('default', id))?.status;
const outcome = async (id: string) => (await store.read('default', id))?.outcome;
const claimed = async () => (await jobs.queue.claim(5)).jobs.map(({ id }) => id);

test.each([
  'active',
  'queue',
  'leases',
  'delayed',
  'limbo',
  'recent',
  'offset',
  'epoch',
  'outcomes',
] as const)(
  'what another program has put in the place of %s makes room at the next repair, and no job is lost',
  async (name) => {
    await jobs.enqueue(['a', 'b']);
    const [running] = (await jobs.queue.claim(1)).jobs;
    if (['offset', 'epoch'].includes(name)) {
      await redis.client.del(keys[name]);
      await redis.client.hset(keys[name], 'x', 1);
    } else await redis.client.set(keys[name], 'spoilt');
    await jobs.queue.repair('0');
    await jobs.queue.activate(['a', 'b']);
    await jobs.queue.repair('0');
    const ids = await claimed();
    if (name === 'leases') expect(ids.sort()).toEqual(['a', 'b']);
    else {
      expect(ids).toEqual(['b']);
      await jobs.complete(running!);
      expect(await status('a')).toBe('completed');
    }
  },
);

test('what is noted to be active anew has not ended, nor gone, since it was looked at', async () => {
  await jobs.complete(await jobs.claim('completed'));
  await jobs.fail(await jobs.claim('failed'));
  await jobs.enqueue(['queued', 'cancelled']);
  await jobs.queue.cancel('cancelled');
  await redis.client.del(keys.active);
  await jobs.queue.activate(['completed', 'failed', 'cancelled', 'gone', 'queued']);
  expect(await redis.client.smembers(keys.active)).toEqual(['queued']);
});

test('an offset that is no number makes room, too', async () => {
  await redis.client.set(keys.offset, 'spoilt');
  await jobs.queue.repair('0');
  await jobs.enqueue(['a']);
  expect(await redis.client.get(keys.offset)).toBe('1');
});

test('spoilt counts keep no job from ending', async () => {
  await redis.client.hset(keys.outcomes, { failed: 'x', cancelled: '-1', completed: '1e999' });
  const { completed, failed, cancelled } = await readStatistics(redis.client, keys);
  expect({ completed, failed, cancelled }).toEqual({ completed: 0, failed: 0, cancelled: 0 });
  await jobs.fail(await jobs.claim('fails'));
  expect(await status('fails')).toBe('failed');
  await jobs.enqueue(['cancelled']);
  await jobs.queue.cancel('cancelled');
  expect(await outcome('cancelled')).toBe('cancelled');
  await jobs.queue.restoreEnded('restored', 'default', payload);
  expect(await outcome('restored')).toBe('cancelled');
  await jobs.complete(await jobs.claim('completes'));
  expect(await status('completes')).toBe('completed');
});

test('a cleanup that makes no sense stands in the way of no other', async () => {
  const entry = JSON.stringify(['default', 'papers', 'a', '1-x', 1]);
  for (const garbage of ['garbage', '5', '{}', '["a"]', '[1,2,3,4,5]'])
    await redis.client.zadd(keys.cleanup, 0, garbage);
  await redis.client.zadd(keys.cleanup, 1, entry);
  const cleanups = new CleanupLog(redis.client, keys, 1000);
  expect((await cleanups.due(20)).map(({ generation }) => generation)).toEqual(['1-x']);
  expect(await redis.client.zrange(keys.cleanup, '0', '-1')).toEqual([entry]);
});

test('what a document shows is never cleaned up', async () => {
  const { token } = await jobs.claim('a');
  await redis.client.hset(keys.document('a'), 'generation', token);
  for (const generation of [token, '0-old'])
    await redis.client.zadd(keys.cleanup, 0, JSON.stringify(['default', 'papers', 'a', generation, 1]));
  const due = await new CleanupLog(redis.client, keys, 1000).due(20);
  expect(due.map(({ generation }) => generation)).toEqual(['0-old']);
  expect(await redis.client.zcard(keys.cleanup)).toBe(1);
});

test('a job whose key is no hash any more harms no other, and is requeued as a forgotten one', async () => {
  const held = await jobs.claimAll(['a', 'b']);
  await redis.client.set(keys.job('a'), 'spoilt');
  expect(await jobs.queue.renew(held)).toEqual(['a']);
  expect(await jobs.queue.cancel('a')).toBeUndefined();
  expect(await jobs.queue.rerun('a', 1)).toBeUndefined();
  expect(await store.readUpload('default', 'a')).toBeUndefined();
  await redis.client.rpush(keys.queue, 'a');
  expect(await readStatistics(redis.client, keys)).toMatchObject({ queue_depth: 1 });
  await jobs.enqueue(['a']);
  expect(await status('a')).toBe('queued');
  await redis.client.set(keys.job('c'), 'spoilt');
  await jobs.queue.restoreEnded('c', 'default', payload);
  expect(await outcome('c')).toBe('cancelled');
});

test('whoever deletes a lease and queues its job leaves no chunks behind', async () => {
  const { token } = await jobs.claim('a');
  await redis.client.del(keys.leases);
  await redis.client.lpush(keys.queue, 'a');
  expect(await claimed()).toEqual(['a']);
  const [entry = ''] = await redis.client.zrange(keys.cleanup, '0', '-1');
  expect(JSON.parse(entry)).toEqual(['default', 'papers', 'a', token, 1]);
});

test('documents that another program has spoilt hide no other', async () => {
  const registry = new DocumentRegistry(redis.client, keys);
  for (const id of ['good', 'text', 'absurd']) await jobs.complete(await jobs.claim(id));
  await redis.client.set(keys.document('text'), 'spoilt');
  await redis.client.hset(keys.document('absurd'), { metadata: '{', chunk_count: 'x', size: '-1' });
  const documents = await registry.read(['text', 'good', 'absurd']);
  expect(documents.map(({ id }) => id).sort()).toEqual(['absurd', 'good']);
  expect(documents.find(({ id }) => id === 'absurd')).toMatchObject({
    metadata: {},
    chunk_count: 0,
    size: 0,
  });
  expect((await registry.liveGenerations(['text', 'good'])).map(Boolean)).toEqual([false, true]);
  expect(await registry.ownsFile('text', 'default/a')).toBe(false);
  const found = ['text', 'good'].map((documentId) => ({
    collection: 'papers',
    documentId,
    generation: '1-x',
  }));
  expect(await new CleanupLog(redis.client, keys, 1000).markDead(found)).toEqual({
    marked: 1,
    orphans: [found[0]],
  });
});

test('a queued job that another program has given a lease is not held up by it', async () => {
  await jobs.enqueue(['a']);
  await redis.client.zadd(keys.leases, Date.now() + 1e9, 'a');
  await claimed();
  await jobs.queue.repair('0');
  expect(await claimed()).toEqual(['a']);
});

test('a lease that ends later than a claim could have said, as by a clock that was set back, is a common one', async () => {
  await jobs.claim('a');
  await redis.client.zadd(keys.leases, 9e15, 'a', 9e15, 'nobody');
  await jobs.queue.expireLeases();
  const [, a, , nobody] = await redis.client.zrange(keys.leases, '0', '-1', 'WITHSCORES');
  expect(Math.max(Number(a), Number(nobody))).toBeLessThan(Date.now() + 120_000);
});

test('a job that was ended by hand expires like any other, and those that do not hold up no others', async () => {
  await jobs.enqueue(['ended', 'stays', 'gone']);
  await redis.client.hset(keys.job('ended'), 'status', 'failed');
  await redis.client.del(keys.job('gone'));
  await jobs.queue.repair('0');
  expect(await redis.client.ttl(keys.job('ended'))).toBeGreaterThan(0);
  expect((await redis.client.zrange(keys.recent, '0', '-1')).sort()).toEqual(['ended', 'stays']);
});

test('an upload behind others becomes a job though the leases have another type', async () => {
  const upload = (id: string, key: string) =>
    jobs.queue.enqueue(id, 'default', payload, { key, fingerprint: 'f' });
  await upload('a', 'first');
  await redis.client.set(keys.leases, 'x');
  expect(await upload('b', 'second')).toMatchObject({ id: 'b' });
  expect(await upload('c', 'second')).toMatchObject({ id: 'b' });
  expect(await status('b')).toBe('queued');
});

import { beforeEach, expect, test } from 'vitest';

import { JobQueue } from '../../../../src/jobs/transitions/job-queue.ts';
import type { JobPayload } from '../../../../src/jobs/model/job-payload.ts';
import { createKeys } from '../../../../src/redis/keys.ts';
import { useRedis } from '../../../helpers/servers/use.ts';

const keys = createKeys();
const redis = useRedis();
beforeEach(() => redis.client.flushall());
const queueOf = () =>
  new JobQueue(redis.client, keys, { leaseMs: 30_000, maxRetries: 3, maxStalls: 10, ttlSeconds: 500 });

async function put(id: string, collection: string, given: Partial<JobPayload> = {}): Promise<void> {
  const payload = {
    filename: `${id}.txt`,
    collection,
    file_key: `default/${id}`,
    priority: 'interactive',
    ...given,
  };
  await queueOf().enqueue(id, 'default', payload as JobPayload);
}
const putAll = async (count: number, name: string, collection: string, given?: Partial<JobPayload>) => {
  for (let at = 0; at < count; at++) await put(`${name}${at}`, collection, given);
};
const take = async (count: number) => (await queueOf().claim(count)).jobs;
const ids = async (count: number) => (await take(count)).map(({ id }) => id);
const waiting = () => redis.client.lrange(keys.queue, 0, -1);
const lane = (collection: string) => redis.client.lrange(`${keys.lanePrefix}default:${collection}`, 0, -1);

test('collections take turns, however many jobs one of them has', async () => {
  await putAll(50, 'a', 'large');
  expect(await ids(3)).toEqual(['a0', 'a1', 'a2']);
  await putAll(2, 'b', 'small');
  // The documented list is the third lane. It begins with the oldest job.
  expect(await ids(4)).toContain('b0');
  expect(await ids(3)).toContain('b1');
});

test('an interactive upload comes before bulk uploads and the jobs of other programs', async () => {
  await putAll(50, 'bulk', 'archive', { priority: 'bulk' });
  for (const id of ['x0', 'x1']) {
    await redis.client.hset(keys.job(id), { id, status: 'queued', payload: '{}' });
    await redis.client.lpush(keys.queue, id);
  }
  await put('memo', 'archive');
  expect(await ids(2)).toContain('memo');
  const rest: string[] = [];
  for (let got = await ids(10); got.length > 0; got = await ids(10)) rest.push(...got);
  expect(rest.toSorted().slice(-2)).toEqual(['x0', 'x1']);
  expect(rest).toHaveLength(51);
});

test('bulk uploads get their turn among interactive ones', async () => {
  await put('bulk', 'archive', { priority: 'bulk' });
  await putAll(20, 'a', 'one');
  await putAll(20, 'b', 'two');
  expect(await ids(3)).toContain('bulk');
});

test('both lists lose a job that is taken from either, and keep all others', async () => {
  await putAll(6, 'a', 'one');
  await putAll(6, 'b', 'two');
  const taken = await ids(7);
  const left = [...(await lane('one')), ...(await lane('two'))];
  expect(left.toSorted()).toEqual((await waiting()).toSorted());
  expect([...left, ...taken].toSorted()).toEqual(
    ['a', 'b'].flatMap((name) => Array.from({ length: 6 }, (_, at) => `${name}${at}`)),
  );
  await ids(20);
  expect(await waiting()).toEqual([]);
  expect(await redis.client.exists(`${keys.lanePrefix}default:one`, `${keys.lanePrefix}default:two`)).toBe(0);
});

test('a rerun, and a retry that is due, wait in their lane again', async () => {
  await put('memo', 'letters');
  const [memo] = await take(1);
  await putAll(30, 'bulk', 'archive', { priority: 'bulk' });
  await queueOf().fail(memo!, { message: 'm', error: 'e', errorCode: 'corrupt' });
  await queueOf().rerun('memo', 1);
  expect(await lane('letters')).toEqual(['memo']);
  const again = (await take(2)).find(({ id }) => id === 'memo');
  await queueOf().retry(again!, 1, { error: 'e', errorCode: 'deadline' });
  await expect.poll(() => ids(2)).toContain('memo');
});

test('a cancelled job and a withdrawn one leave both lists', async () => {
  await putAll(3, 'a', 'letters');
  await queueOf().cancel('a1');
  await queueOf().withdraw('a0', 'default', 'letters');
  expect(await waiting()).toEqual(['a2']);
  expect(await lane('letters')).toEqual(['a2']);
  await queueOf().cancel('a2');
  expect(await redis.client.exists(keys.lanes)).toBe(0);
});

test('a lane of another type costs no job', async () => {
  await redis.client.set(`${keys.lanePrefix}default:letters`, 'text');
  await putAll(2, 'a', 'letters');
  expect(await ids(5)).toEqual(['a0', 'a1']);
  await putAll(2, 'b', 'letters');
  expect(await ids(5)).toEqual(['b0', 'b1']);
});

test('a lost set of lanes costs no job', async () => {
  await putAll(3, 'a', 'letters');
  await redis.client.del(keys.lanes);
  expect(await ids(5)).toEqual(['a0', 'a1', 'a2']);
  expect(await lane('letters')).toEqual([]);
});

test('a lane gets its turn after the count of events has begun anew', async () => {
  await putAll(3, 'a', 'older');
  await redis.client.zadd(keys.lanes, 5000, 'default:older', 5000, '');
  await putAll(20, 'b', 'newer');
  expect(await ids(6)).toEqual(expect.arrayContaining(['a0', 'a1']));
});

test('a lane keeps no jobs that another program has taken', async () => {
  await putAll(3, 'a', 'letters');
  await redis.client.del(keys.queue);
  expect(await ids(5)).toEqual([]);
  expect(await lane('letters')).toEqual([]);
});

test('a job that a worker gave back or lost is the next of its lane', async () => {
  await putAll(4, 'a', 'letters');
  await putAll(4, 'b', 'papers');
  const [, letter, paper] = await take(3);
  await queueOf().release(letter!);
  await redis.client.zadd(keys.leases, 1, paper!.id);
  expect(await queueOf().expireLeases()).toEqual({ requeued: 1, failed: 0 });
  expect([(await lane('letters')).at(-1), (await lane('papers')).at(-1)]).toEqual(['a1', 'b0']);
  expect((await ids(9)).toSorted()).toEqual(['a1', 'a2', 'a3', 'b0', 'b1', 'b2', 'b3']);
  expect(await redis.client.keys('queue:*')).toEqual([]);
});

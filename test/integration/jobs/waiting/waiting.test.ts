import { expect, test } from 'vitest';

import type { Job } from '../../../../src/contract/job.ts';
import { parseJobEvents, toHash } from '../../../../src/jobs/model/job-event.ts';
import type { ClaimedJob } from '../../../../src/jobs/model/claimed-job.ts';
import { JobState, toJobView } from '../../../../src/jobs/model/job-view.ts';
import { complete, enqueue } from '../../../helpers/stores/lines.ts';
import { job as read, keys, payload, queue, redis, useQueue } from '../../../helpers/stores/queue.ts';
import { recordScripts } from '../../../helpers/stores/replay.ts';
import { JobQueue } from '../../../../src/jobs/transitions/job-queue.ts';

useQueue();

const waiting = async (id: string) => (await read(id)).waiting_for;
const take = async (count = 1) => (await queue.claim(count)).jobs;
const takeOne = async () => (await take())[0] as ClaimedJob;
const failure = { error: 'e', errorCode: 'deadline' } as const;
const bulk = { priority: 'bulk' } as const;

test('a queued job waits for a worker, behind the jobs of its lane', async () => {
  for (const id of ['a', 'b']) await enqueue(id, id, 'skip');
  await enqueue('other', 'o', 'skip', { collection: 'other' });
  await enqueue('bulk', 'c', 'skip', bulk);
  expect(await waiting('a')).toEqual({ what: 'worker', ahead: 0 });
  expect(await waiting('b')).toEqual({ what: 'worker', ahead: 1 });
  expect(await waiting('other')).toEqual({ what: 'worker', ahead: 0 });
  // The documented list is the lane of bulk uploads, and holds every waiting job.
  expect(await waiting('bulk')).toEqual({ what: 'worker', ahead: 3 });
});

test('a job of another program waits for a worker, and a claimed job for nothing', async () => {
  await redis.client.hset(keys.job('x'), { id: 'x', status: 'queued', payload: JSON.stringify(payload) });
  await redis.client.lpush(keys.queue, 'x');
  expect(await waiting('x')).toEqual({ what: 'worker' });
  await enqueue('a', 'a');
  await take(2);
  expect([await waiting('x'), await waiting('a')]).toEqual([undefined, undefined]);
});

test('a parked job waits for an earlier upload, and for a worker once that has ended', async () => {
  await enqueue('a', 'x');
  await enqueue('b', 'y', 'replace');
  await enqueue('c', 'z', 'replace');
  const parked = { what: 'earlier_upload' };
  expect([await waiting('b'), await waiting('c')]).toEqual([parked, parked]);
  const version = (await read('b')).version;
  await complete(await takeOne());
  expect([await waiting('b'), await waiting('c')]).toEqual([{ what: 'worker', ahead: 0 }, parked]);
  expect((await read('b')).version).toBe(version + 1);
  await queue.cancel('b');
  expect(await waiting('c')).toEqual({ what: 'worker', ahead: 0 });
});

test.each(['fail', 'withdraw', 'expire', 'repair'] as const)(
  'a parked job is told of it when the job before it ends by: %s',
  async (how) => {
    await enqueue('a', 'x');
    const claimed = await takeOne();
    await enqueue('b', 'x');
    expect(await waiting('b')).toEqual({ what: 'earlier_upload' });
    if (how === 'fail') await queue.fail(claimed, { ...failure, message: 'm' });
    if (how === 'withdraw') await queue.withdraw('a', 'default', 'papers');
    if (how === 'expire') {
      await redis.client.hset(keys.job('a'), 'stalls', 100);
      await redis.client.zadd(keys.leases, 1, 'a');
      expect(await queue.expireLeases()).toMatchObject({ failed: 1 });
    }
    if (how === 'repair') {
      await redis.client.hset(keys.job('a'), 'status', 'failed');
      await queue.repair('0');
    }
    expect(await waiting('b')).toEqual({ what: 'worker', ahead: 0 });
  },
);

test('a retry names its time, and a job whose collection is embedded again says so', async () => {
  await enqueue('a', 'a');
  await enqueue('b', 'b');
  const [a, b] = await take(2);
  await queue.retry(a!, 60_000, failure);
  await queue.retry(b!, 60_000, { error: 'e', errorCode: 'collection_reembedding' });
  for (const [id, what] of [
    ['a', 'retry'],
    ['b', 'collection'],
  ] as const) {
    const due = Number(await redis.client.zscore(keys.delayed, id));
    const at = `${new Date(due).toISOString().slice(0, 19)}Z`;
    expect(await waiting(id)).toEqual({ what, at });
  }
  const { version } = await read('a');
  await queue.retryNow('a', version);
  expect(await waiting('a')).toEqual({ what: 'worker', ahead: 0 });
});

test('a rerun, a lost worker and a job given back wait for a worker again', async () => {
  await enqueue('a', 'a');
  await queue.fail(await takeOne(), { ...failure, message: 'm' });
  expect(await waiting('a')).toBeUndefined();
  await queue.rerun('a', 1);
  expect(await waiting('a')).toEqual({ what: 'worker', ahead: 0 });
  await queue.release(await takeOne());
  expect(await waiting('a')).toEqual({ what: 'worker' });
  await take();
  await redis.client.zadd(keys.leases, 1, 'a');
  await queue.expireLeases();
  expect(await waiting('a')).toEqual({ what: 'worker' });
});

test('a running job names the service that is away, until it is back', async () => {
  await enqueue('a', 'a');
  const claimed = await takeOne();
  const report = { progress: 10, message: 'Parsing document...', stage: 'parse', counts: {} } as const;
  const { version } = await read('a');
  await queue.progress(claimed, report);
  // The claim is the first mark.
  expect((await read('a')).version).toBe(version);
  await queue.progress(claimed, { ...report, waitingFor: 'embedder' });
  expect(await waiting('a')).toEqual({ what: 'embedder' });
  await queue.progress(claimed, report);
  expect(await waiting('a')).toBeUndefined();
  await queue.progress(claimed, { ...report, waitingFor: 'vector_store' });
  await queue.fail(claimed, { ...failure, message: 'm' });
  expect(await waiting('a')).toBeUndefined();
});

/** Collects the job of each event, as the push sends it. */
async function watchEvents(): Promise<{ pushed: Map<string, string>; stop: () => void }> {
  const pushed = new Map<string, string>();
  const subscriber = redis.client.duplicate();
  subscriber.on('pmessage', (_, __, message: string) => {
    const { jobs = [], epoch = '' } = parseJobEvents(message) ?? {};
    for (const values of jobs) {
      const state = new JobState(toHash(values), epoch);
      pushed.set(`${state.id} ${state.version}`, state.json);
    }
  });
  await subscriber.psubscribe(keys.allEvents);
  return { pushed, stop: () => subscriber.disconnect() };
}

test('polling and push send the same bytes after each transition of a life', async () => {
  const { pushed, stop } = await watchEvents();
  const recorded = recordScripts(redis.client);
  const holder = new JobQueue(recorded.client, keys, {
    leaseMs: 30_000,
    maxRetries: 3,
    maxStalls: 10,
    ttlSeconds: 500,
  });
  const same = async (id: string) => {
    const polled = JSON.stringify(toJobView(await redis.client.hgetall(keys.job(id))));
    const { version } = JSON.parse(polled) as Job;
    await expect.poll(() => pushed.get(`${id} ${version}`)).toBe(polled);
  };
  const report = {
    progress: 20,
    message: 'm',
    stage: 'embed',
    counts: { chunks_done: 1, chunks_total: 9 },
  } as const;
  await enqueue('first', 'x');
  await complete(await takeOne());
  for (const id of ['a', 'b']) {
    await enqueue(id, 'y');
    await same(id);
  }
  const claimed = (await holder.claim(1)).jobs[0]!;
  await same('a');
  await holder.progress(claimed, { ...report, waitingFor: 'embedder' });
  await same('a');
  await recorded.replay('report');
  await holder.progress(claimed, report);
  await same('a');
  await holder.retry(claimed, 1, failure);
  await same('a');
  await expect.poll(async () => (await take()).map(({ id }) => id)).toEqual(['a']);
  await same('a');
  await queue.cancel('a');
  await same('a');
  await same('b');
  await complete(await takeOne());
  await same('b');
  stop();
});

import { expect, test, vi } from 'vitest';

import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { JobState } from '../../../src/jobs/model/job-view.ts';
import { publishedJobs } from '../../helpers/responses/published-jobs.ts';
import {
  claim,
  documentOf,
  everything,
  job,
  keys,
  listen,
  queue,
  recorded,
  redis,
  report,
  useReports,
} from '../../helpers/stores/reports.ts';

useReports();

test('where Redis goes back to after the claim, what is reported is whole again, and the same as what is heard', async () => {
  const [held] = (await claim('a')) as [ClaimedJob];
  const copy = await redis.client.dumpBuffer(keys.job('a'));
  const { hashes, close } = await listen();
  await queue.progress(held, { ...report(20), counts: { pages_done: 2, pages_total: 7 } });
  for (const progress of [30, 40]) await queue.progress(held, report(progress));
  await redis.client.restore(keys.job('a'), 0, copy, 'REPLACE');
  const told = async () => {
    const { payload: _, ...stored } = await redis.client.hgetall(keys.job('a'));
    await expect.poll(() => hashes.at(-1)?.['version']).toBe(stored['version']);
    expect(stored).toMatchObject(hashes.at(-1)!);
    return stored;
  };
  // Once more what was said last.
  expect(await queue.progress(held, report(40))).toBe(true);
  expect(await told()).toMatchObject({ progress: '40', stage: 'embed', pages_total: '7', version: '5' });
  await redis.client.restore(keys.job('a'), 0, copy, 'REPLACE');
  expect(await queue.complete(held, documentOf(held))).toBe(true);
  expect(await told()).toMatchObject({ status: 'completed', stage: 'embed', pages_total: '7', version: '6' });
  close();
});

test('a job that is taken over counts on: the next holder is heard at once, the last never', async () => {
  const [lost] = (await claim('a')) as [ClaimedJob];
  for (const progress of [20, 30, 40]) await queue.progress(lost, report(progress));
  await queue.release(lost);
  const [holder] = (await queue.claim(1)).jobs as [ClaimedJob];
  const before = await everything(['a']);
  for (const progress of [50, 60, 70]) expect(await queue.progress(lost, report(progress))).toBe(false);
  expect(await recorded.replay('report')).toEqual(Array.from({ length: 6 }, () => [0]));
  expect(await everything(['a'])).toEqual(before);
  expect(await queue.progress(holder, report(15))).toBe(true);
  expect(await job('a')).toMatchObject({ progress: 15, attempt: 1, version: 8, counts: { chunks_done: 15 } });
});

test('a report that changes nothing is refused too once the claim is lost', async () => {
  const [lost] = (await claim('a')) as [ClaimedJob];
  expect(await queue.progress(lost, report(20))).toBe(true);
  expect(await queue.progress(lost, report(20))).toBe(true);
  await queue.cancel('a');
  expect(await queue.progress(lost, report(20))).toBe(false);
});

type Scripts = Record<'sluice:report', () => Promise<unknown>>;

test('what a report that was lost said, the next says', async () => {
  const [a, b] = (await claim('a', 'b')) as [ClaimedJob, ClaimedJob];
  const away = vi
    .spyOn(recorded.client as unknown as Scripts, 'sluice:report')
    .mockRejectedValue(new Error('away'));
  const lost = { ...report(30), counts: { pages_done: 2, pages_total: 7 } };
  for (const held of [a, b]) await expect(queue.progress(held, lost)).rejects.toThrow('away');
  away.mockRestore();
  // The same again, and another.
  expect(await queue.progress(a, lost)).toBe(true);
  expect(await queue.progress(b, { ...report(20), message: 'later', stage: 'store' })).toBe(true);
  expect(await job('a')).toMatchObject({ progress: 30, message: 'at 30', counts: { pages_done: 2 } });
  const told = { progress: 30, message: 'later', stage: 'store', counts: { pages_done: 2, chunks_done: 20 } };
  expect(await job('b')).toMatchObject(told);
});

test('each report publishes the very bytes that are read', async () => {
  const hostile = [
    'Größe "9\\"',
    '{"a":[1]}',
    'tab\t, zero \0, del \x7f, \u2028',
    '文書 📄',
    'half \ud83d',
    '',
  ];
  const [first] = (await claim('a')) as [ClaimedJob];
  await queue.retry(first, 0, { error: 'the "processor" is äway\n', errorCode: 'deadline' });
  const [held] = (await queue.claim(1)).jobs as [ClaimedJob];
  const subscriber = redis.client.duplicate();
  let last = '';
  subscriber.on('message', (_channel, message: string) => (last = message));
  await subscriber.subscribe(`${keys.job('a')}:events`);
  for (const [i, message] of hostile.entries()) {
    last = '';
    await redis.client.hset(keys.job('a'), 'updated_at', 'long ago');
    expect(await queue.progress(held, report(20 + i / 3, message))).toBe(true);
    await expect.poll(() => last).not.toBe('');
    const { epoch, hash } = publishedJobs(last)[0]!;
    const read = await new JobStore(redis.client, keys).read('default', 'a');
    expect(new JobState(hash, epoch).json).toBe(read?.json);
    expect(JSON.parse(read!.json)).toMatchObject({ message: message.toWellFormed(), retry_count: 1 });
    const { payload: _, ...stored } = await redis.client.hgetall(keys.job('a'));
    expect(stored).toMatchObject(hash);
  }
  subscriber.disconnect();
});

test('a report that cannot be carried out harms no other', async () => {
  const [a, b, c] = (await claim('a', 'b', 'c')) as [ClaimedJob, ClaimedJob, ClaimedJob];
  await redis.client.set(keys.job('b'), 'written over by another program');
  await redis.client.set(keys.document('c'), 'and this');
  const [first, second, third, last] = await Promise.allSettled([
    queue.progress(a, report(30)),
    queue.progress(b, report(30)),
    queue.complete(c, documentOf(c)),
    queue.complete(a, documentOf(a)),
  ]);
  expect(recorded.calls('report')).toBe(1);
  for (const done of [first, last]) expect(done).toEqual({ status: 'fulfilled', value: true });
  for (const failed of [second, third])
    expect(failed).toMatchObject({ status: 'rejected', reason: { message: /WRONGTYPE/ } });
  expect(await job('a')).toMatchObject({ status: 'completed' });
  expect(await job('c')).toMatchObject({ status: 'processing', version: 2 });
});

test('spoilt statistics do not keep a job from completing', async () => {
  const [held] = (await claim('a')) as [ClaimedJob];
  await redis.client.hset(keys.outcomes, 'completed', 'many');
  await redis.client.set(keys.durations, 'long');
  expect(await queue.complete(held, documentOf(held))).toBe(true);
  expect(await job('a')).toMatchObject({ status: 'completed' });
});

test('a call that fails as a whole fails each of its reports', async () => {
  const [a, b] = (await claim('a', 'b')) as [ClaimedJob, ClaimedJob];
  const cut = new JobQueue(redis.client.duplicate({ retryStrategy: () => null }), keys, {
    leaseMs: 30_000,
    maxRetries: 3,
    maxStalls: 2,
    ttlSeconds: 100,
  });
  await cut.progress(a, report(20));
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'yes');
  const settled = await Promise.allSettled([cut.progress(a, report(30)), cut.progress(b, report(30))]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

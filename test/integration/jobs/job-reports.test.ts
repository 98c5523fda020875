import { expect, test } from 'vitest';

import type { Counts } from '../../../src/contract/job.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { toJobView } from '../../../src/jobs/model/job-view.ts';
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

test('what is reported in one turn shares a call, and each change is published once, each job in its order', async () => {
  const [a, b] = (await claim('a', 'b')) as [ClaimedJob, ClaimedJob];
  const { events, close } = await listen();
  const responses = await Promise.all([
    queue.progress(a, report(30)),
    queue.progress(b, report(40)),
    queue.progress(a, report(60)),
    queue.complete(a, documentOf(a)),
    queue.progress(b, report(70)),
  ]);
  expect(responses).toEqual([true, true, true, true, true]);
  expect(recorded.calls('report')).toBe(1);
  await expect.poll(() => events.length).toBe(5);
  close();
  expect(events.map(({ id, told, version }) => `${id} ${told} v${version}`)).toEqual([
    'a processing 30 v3',
    'a processing 60 v4',
    'b processing 40 v3',
    'b processing 70 v4',
    'a completed 100 v5',
  ]);
  expect(events.map(({ offset }) => offset)).toEqual([5, 6, 7, 8, 9]);
  expect(new Set(events.map(({ message }) => message))).toEqual(new Set([1]));
  expect(await job('a')).toMatchObject({ status: 'completed', counts: { chunks_done: 60 } });
});

test('a call that is sent again changes nothing and gets the same answers', async () => {
  const ids = Array.from({ length: 40 }, (_, i) => `job-${i}`);
  const claims = await claim(...ids);
  await queue.cancel('job-7');
  const reported = () =>
    Promise.all(
      claims.map((held, i) =>
        i % 2 ? queue.progress(held, report(i)) : queue.complete(held, documentOf(held)),
      ),
    );
  const responses = await reported();
  expect(responses).toEqual(ids.map((id) => id !== 'job-7'));
  expect(recorded.calls('report')).toBe(3);
  const before = await everything(ids);
  const again = await recorded.replay('report');
  expect(again.flat()).toEqual(responses.map(Number));
  expect(await everything(ids)).toEqual(before);
});

test('a report and the completion of one job that are sent again leave it completed', async () => {
  const [held] = (await claim('a')) as [ClaimedJob];
  await Promise.all([queue.progress(held, report(30)), queue.complete(held, documentOf(held))]);
  const before = await everything(['a']);
  expect(await recorded.replay('report')).toEqual([[1, 1]]);
  expect(await everything(['a'])).toEqual(before);
});

test('reports that are sent again are taken once, and heard once', async () => {
  const [held] = (await claim('a')) as [ClaimedJob];
  const { events, close } = await listen();
  for (const progress of [20, 30, 40]) await queue.progress(held, report(progress));
  await expect.poll(() => events.length).toBe(3);
  const before = await everything(['a']);
  // Each is older than the job by now, but for the last.
  expect(await recorded.replay('report')).toEqual([[1], [1], [1]]);
  expect(await everything(['a'])).toEqual(before);
  await queue.progress(held, report(50));
  await expect.poll(() => events.at(-1)?.told).toBe('processing 50');
  close();
  expect(events.map(({ version }) => version)).toEqual(['3', '4', '5', '6']);
});

test('steps of one turn are written once and heard one by one, and once only when they are sent again', async () => {
  const [held] = (await claim('a')) as [ClaimedJob];
  const { events, close } = await listen();
  const steps = () => Promise.all([20, 20, 30, 40].map((progress) => queue.progress(held, report(progress))));
  expect(await steps()).toEqual([true, true, true, true]);
  expect(recorded.calls('report')).toBe(1);
  await expect.poll(() => events.length).toBe(3);
  const before = await everything(['a']);
  expect(await recorded.replay('report')).toEqual([[1]]);
  expect(await everything(['a'])).toEqual(before);
  await queue.progress(held, report(50));
  await expect.poll(() => events.length).toBe(4);
  close();
  expect(events.map(({ told, version }) => `${told} v${version}`)).toEqual([
    'processing 20 v3',
    'processing 30 v4',
    'processing 40 v5',
    'processing 50 v6',
  ]);
  await queue.cancel('a');
  expect(await steps()).toEqual([false, false, false, false]);
});

test('between two whole percents a job moves by its fraction, which is a version, and never goes back', async () => {
  const [held] = (await claim('a')) as [ClaimedJob];
  const still = { message: 'Generating embeddings...', stage: 'embed', counts: {} } as const;
  const { events, hashes, close } = await listen();
  for (const progress of [60, 60.5, 60.25, 73.94, 73.99999, 73])
    await queue.progress(held, { progress, ...still });
  await expect.poll(() => events.length).toBe(4);
  close();
  expect(hashes.map(({ progress, fraction, version }) => [progress, fraction, version])).toEqual([
    ['60', '0.6', '3'],
    ['60', '0.605', '4'],
    ['73', '0.7394', '5'],
    ['73', '0.7399', '6'],
  ]);
  const { progress, fraction } = await redis.client.hgetall(keys.job('a'));
  expect({ progress, fraction }).toEqual({ progress: '73', fraction: '0.7399' });
  expect(await job('a')).toMatchObject({ progress: 73, fraction: 0.7399, version: 6 });
  await queue.complete(held, documentOf(held));
  expect(await job('a')).toMatchObject({ progress: 100, fraction: 1 });
});

test.each([
  ['given back', (held: ClaimedJob) => queue.release(held)],
  ['tried again', (held: ClaimedJob) => queue.retry(held, 0, { error: 'x', errorCode: 'corrupt' })],
  [
    'taken back from a worker that was lost',
    async ({ id }: ClaimedJob) => {
      await redis.client.set(keys.swept, Date.now());
      await redis.client.zadd(keys.leases, 1, id);
      await queue.expireLeases();
    },
  ],
  [
    'found to wait for nothing',
    async ({ id }: ClaimedJob) => {
      await redis.client.zrem(keys.leases, id);
      await queue.repair('0');
    },
  ],
  [
    'run again',
    async ({ id }: ClaimedJob) => {
      await queue.cancel(id);
      expect(await job(id)).toMatchObject({ progress: 10, fraction: 0.1055 });
      await queue.rerun(id, 1);
    },
  ],
])('a job that is %s begins anew, also its fraction', async (_, begin) => {
  const [held] = (await claim('a')) as [ClaimedJob];
  await queue.progress(held, { ...report(10), progress: 10.55 });
  expect(await job('a')).toMatchObject({ progress: 10, fraction: 0.1055 });
  await begin(held);
  expect(await job('a')).toMatchObject({ progress: 0, fraction: 0 });
  expect(await redis.client.hget(keys.job('a'), 'fraction')).toBe('0');
  // Imitates another program that knows only the documented field.
  await redis.client.hset(keys.job('a'), { fraction: '0.1055' });
  expect((await queue.claim(1)).jobs).toHaveLength(1);
  expect(await job('a')).toMatchObject({ progress: 10, fraction: 0.1 });
});

test('what changes nothing is not heard, also together with what does', async () => {
  const [held] = (await claim('a')) as [ClaimedJob];
  const { events, close } = await listen();
  const claimed = { progress: 10, message: 'Parsing document...', stage: 'parse', counts: {} } as const;
  expect(await Promise.all([queue.progress(held, claimed), queue.progress(held, report(30))])).toEqual([
    true,
    true,
  ]);
  expect(await queue.progress(held, report(30))).toBe(true);
  await queue.progress(held, report(40));
  await expect.poll(() => events.at(-1)?.told).toBe('processing 40');
  close();
  expect(events.map(({ version }) => version)).toEqual(['3', '4']);
});

test('a refused report leaves no gap in the offsets', async () => {
  const [a, b] = (await claim('a', 'b')) as [ClaimedJob, ClaimedJob];
  await queue.cancel('a');
  const { events, close } = await listen();
  await Promise.all([queue.progress(a, report(30)), queue.progress(b, report(30))]);
  await queue.claim(5);
  await queue.progress(b, report(40));
  await expect.poll(() => events.length).toBe(2);
  close();
  expect(events.map(({ offset }) => offset)).toEqual([6, 7]);
});

test('what ends a try comes after what was reported before it', async () => {
  const [a, b] = (await claim('a', 'b')) as [ClaimedJob, ClaimedJob];
  const failure = { message: 'Parsing failed', error: 'broken', errorCode: 'corrupt' } as const;
  const responses = await Promise.all([
    queue.progress(a, report(30)),
    queue.fail(a, failure),
    queue.progress(b, report(30)),
    queue.release(b),
  ]);
  expect(responses).toEqual([true, true, true, true]);
  expect(await job('a')).toMatchObject({ status: 'failed', progress: 30 });
  expect(await job('b')).toMatchObject({ status: 'queued', progress: 0 });
});

test('what another program wrote into a job is published as it is read', async () => {
  await redis.client.hset('job:hand', {
    status: 'queued',
    payload: '{"filename":"x.txt","file_key":"default/x","collection":7}',
    progress: 'half',
    version: '1e999',
    message: '',
    result: '{"chunk_count":',
    retry_count: '-1',
    stage: 'paint',
    chunks_total: 'many',
    colour: 'blue',
  });
  await redis.client.lpush('queue:document_upload', 'hand');
  const subscriber = redis.client.duplicate();
  const events: string[] = [];
  subscriber.on('pmessage', (_pattern, _channel, message: string) => events.push(message));
  await subscriber.psubscribe(keys.allEvents);
  const { jobs } = await queue.claim(1);
  expect(await queue.progress(jobs[0]!, report(30))).toBe(true);
  expect(await queue.complete(jobs[0]!, documentOf(jobs[0]!))).toBe(true);
  await expect.poll(() => events.length).toBe(3);
  subscriber.disconnect();
  const hash = await redis.client.hgetall('job:hand');
  expect(toJobView(publishedJobs(events[2]!)[0]!.hash)).toEqual(toJobView(hash));
  expect(hash).toMatchObject({ colour: 'blue', status: 'completed', retry_count: '-1', version: '3' });
});

test('a job says how many of its pages were not read, and a next run counts anew', async () => {
  const messages = async (counts: Counts) => {
    const [held] = (await claim('a')) as [ClaimedJob];
    await queue.progress(held, { progress: 30, message: 'Document parsed', stage: 'parse', counts });
    await queue.complete(held, documentOf(held));
    const { message, counts: told } = await job('a');
    await redis.client.flushall();
    return [message, told?.pages_unread];
  };
  const done = 'Upload completed successfully';
  expect(await messages({ pages_done: 120, pages_total: 120 })).toEqual([done, undefined]);
  expect(await messages({ pages_total: 120, pages_unread: 3 })).toEqual([
    `${done}. 3 of 120 pages hold no text and were not read.`,
    3,
  ]);
  expect(await messages({ pages_total: 2, pages_unread: 1 })).toEqual([
    `${done}. 1 of 2 pages holds no text and was not read.`,
    1,
  ]);
  const [held] = (await claim('a')) as [ClaimedJob];
  await queue.progress(held, {
    progress: 30,
    message: 'Document parsed',
    stage: 'parse',
    counts: { pages_unread: 3 },
  });
  await queue.release(held);
  expect((await job('a')).counts).toBeUndefined();
});

import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import type { Counts, Job } from '../../../src/contract/job.ts';
import { parseJobEvent } from '../../../src/jobs/model/job-event.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import type { CompletedDocument } from '../../../src/jobs/transitions/job-reports.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { toJobView, toJobState, type JobHash } from '../../../src/jobs/model/job-view.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { startRedis, type TestRedis } from '../../helpers/servers/redis.ts';
import { recordScripts } from '../../helpers/stores/replay.ts';

/** Progress and completions of many jobs that share one call of a script. */

const keys = createKeys();
const payload: JobPayload = {
  filename: 'a.pdf',
  collection: 'papers',
  chunking_strategy: 'sentence',
  chunk_size: 512,
  chunk_overlap: 50,
  file_key: 'default/a',
  metadata: {},
};
const report = (progress: number, message = `at ${progress}`) =>
  ({ progress, message, stage: 'embed', counts: { chunks_done: progress } }) as const;

let redis: TestRedis;
let recorded: ReturnType<typeof recordScripts>;
let queue: JobQueue;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.close());
beforeEach(async () => {
  await redis.client.flushall();
  recorded = recordScripts(redis.client);
  queue = new JobQueue(recorded.client, keys, {
    leaseMs: 30_000,
    maxRetries: 3,
    maxStalls: 2,
    ttlSeconds: 100,
  });
});

async function job(id: string): Promise<Job> {
  return JSON.parse((await new JobStore(redis.client, keys).read('default', id))?.json ?? 'null') as Job;
}
async function claim(...ids: string[]): Promise<ClaimedJob[]> {
  for (const id of ids) await queue.enqueue(id, 'default', payload);
  return (await queue.claim(ids.length)).jobs;
}
function documentOf({ id }: { id: string }): CompletedDocument {
  const fields = { filename: 'a.pdf', collection: 'papers' };
  return { documentId: id, tenant: 'default', collection: 'papers', chunkCount: 2, fields };
}
/** Hears every event from now on, by job. */
async function listen() {
  const subscriber = redis.client.duplicate();
  const events: { offset: number; id: string; told: string; version: string }[] = [];
  const hashes: JobHash[] = [];
  subscriber.on('pmessage', (_pattern, channel, message: string) => {
    const { offset, hash } = parseJobEvent(message);
    hashes.push(hash);
    const { status, progress, version = '' } = hash;
    events.push({ offset, id: channel.split(':')[1] as string, told: `${status} ${progress}`, version });
  });
  await subscriber.psubscribe(keys.allEvents);
  return { events, hashes, close: () => subscriber.disconnect() };
}
const everything = async (ids: readonly string[]) =>
  Promise.all([
    ...ids.flatMap((id) => [redis.client.hgetall(keys.job(id)), redis.client.hgetall(keys.document(id))]),
    redis.client.get(keys.offset),
    redis.client.hgetall(keys.outcomes),
    redis.client.lrange(keys.durations, 0, -1),
    redis.client.zrange(keys.cleanup, '0', '-1'),
  ]);

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
  ['tried again', (held: ClaimedJob) => queue.retry(held, 0, { error: 'x', errorCode: 'x' })],
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
  await queue.retry(first, 0, { error: 'the "processor" is äway\n', errorCode: 'unavailable' });
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
    const { epoch, hash } = parseJobEvent(last);
    const read = await new JobStore(redis.client, keys).read('default', 'a');
    expect(toJobState(hash, epoch).json).toBe(read?.json);
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

test('what ends a try comes after what was reported before it', async () => {
  const [a, b] = (await claim('a', 'b')) as [ClaimedJob, ClaimedJob];
  const failure = { message: 'Parsing failed', error: 'broken', errorCode: 'broken' };
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
  expect(toJobView(parseJobEvent(events[2]!).hash)).toEqual(toJobView(hash));
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

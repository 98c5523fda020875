import { expect, test } from 'vitest';

import type { ClaimedJob } from '../../../../src/jobs/model/claimed-job.ts';
import type { JobPayload } from '../../../../src/jobs/model/job-payload.ts';
import { JobQueue } from '../../../../src/jobs/transitions/job-queue.ts';
import { complete, enqueue, enqueueBy, READER, uploadOf } from '../../../helpers/stores/lines.ts';
import { recordScripts } from '../../../helpers/stores/replay.ts';
import {
  claimOne,
  job,
  keys,
  leasesEnd,
  options,
  queue,
  redis,
  recovered,
  useQueue,
} from '../../../helpers/stores/queue.ts';

useQueue();

/** The jobs that a claim takes now, and what it leaves waiting. */
async function waiting(): Promise<string[]> {
  return [...(await redis.client.lrange(keys.queue, 0, -1))].toReversed();
}

test('the same upload again completes at once with the document that exists', async () => {
  expect(await enqueue('a', 'x')).toMatchObject({ id: 'a', isDuplicate: false });
  await complete(await claimOne());
  expect(await enqueue('b', 'x')).toMatchObject({ id: 'b', isDuplicate: true });
  expect(await job('b')).toMatchObject({
    status: 'completed',
    progress: 100,
    message: 'Upload completed successfully',
    result: { document_id: 'a', chunk_count: 7, collection: 'papers', duplicate: true },
  });
  expect(await waiting()).toEqual([]);
  expect(await redis.client.smembers(keys.active)).toEqual([]);
  expect(await redis.client.ttl(keys.job('b'))).toBeGreaterThan(0);
  expect(await redis.client.hgetall(keys.outcomes)).toEqual({ completed: '2' });
});

test.each<[string, Partial<JobPayload>]>([
  ['other bytes', { content_hash: 'y' }],
  ['another name', { filename: 'b.pdf' }],
  ['another collection', { collection: 'letters' }],
  ['another chunk size', { chunk_size: 100 }],
  ['another overlap', { chunk_overlap: 0 }],
  ['another strategy', { chunking_strategy: 'fixed' }],
  ['other metadata', { metadata: { year: 2024 } }],
])('%s make a document of its own', async (_, other) => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  expect(await enqueue('b', 'x', 'skip', other)).toMatchObject({ isDuplicate: false });
  expect((await claimOne()).id).toBe('b');
});

test('the order of metadata makes no difference, and its type does', async () => {
  await enqueue('a', 'x', 'skip', { metadata: { a: 1, b: '2' } });
  await complete(await claimOne());
  expect(await enqueue('b', 'x', 'skip', { metadata: { b: '2', a: 1 } })).toMatchObject({
    isDuplicate: true,
  });
  expect(await enqueue('c', 'x', 'skip', { metadata: { a: 1, b: 2 } })).toMatchObject({ isDuplicate: false });
});

test('another model or reader makes no copy, and an unknown one may be the same', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  const withReader = (reader: typeof READER) =>
    new JobQueue(redis.client, keys, { ...options, reader: () => reader });
  const isDuplicate = async (id: string, by: JobQueue) => {
    return (await enqueueBy(by, id, uploadOf(id, 'x', 'skip'))).isDuplicate;
  };
  expect(await isDuplicate('b', withReader(READER))).toBe(true);
  expect(await isDuplicate('c', withReader({ ...READER, model: 'm2' }))).toBe(false);
  await queue.cancel('c');
  expect(await isDuplicate('d', withReader({ ...READER, reader_version: 'r2' }))).toBe(false);
  await queue.cancel('d');
  expect(await isDuplicate('e', queue)).toBe(true);
});

test('"keep" makes a document each time', async () => {
  await enqueue('a', 'x', 'keep');
  await complete(await claimOne());
  await enqueue('b', 'x', 'keep');
  await enqueue('c', 'x', 'keep');
  expect((await queue.claim(5)).jobs.map(({ id }) => id)).toEqual(['b', 'c']);
});

test('another tenant has no part in it', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  const made = await enqueueBy(queue, 'b', uploadOf('b', 'x'), 'other');
  expect(made).toMatchObject({ isDuplicate: false });
});

test('a twin waits for the first, and completes with its document', async () => {
  await enqueue('a', 'x');
  await enqueue('b', 'x');
  await enqueue('c', 'x');
  expect(await waiting()).toEqual(['a']);
  expect(await job('b')).toMatchObject({ status: 'queued', progress: 0 });
  const first = await claimOne();
  expect((await queue.claim(5)).jobs).toEqual([]);
  await complete(first);
  expect((await queue.claim(5)).jobs).toEqual([]);
  for (const id of ['b', 'c'])
    expect(await job(id)).toMatchObject({
      status: 'completed',
      result: { document_id: 'a', duplicate: true },
    });
  expect(await redis.client.keys('*line:*:jobs')).toEqual([]);
  expect(await redis.client.exists(keys.parked)).toBe(0);
});

const ENDS: [string, (first: ClaimedJob) => Promise<unknown>][] = [
  ['fails', (first) => queue.fail(first, { message: 'x', error: 'x', errorCode: 'corrupt' })],
  ['is cancelled', (first) => queue.cancel(first.id)],
  ['is withdrawn', (first) => queue.withdraw(first.id, 'default', 'papers')],
];
test.each(ENDS)('a twin runs itself when the first %s, and only one of them', async (_, end) => {
  await enqueue('a', 'x');
  await enqueue('b', 'x');
  await enqueue('c', 'x');
  await end(await claimOne());
  const { jobs } = await queue.claim(5);
  expect(jobs.map(({ id }) => id)).toEqual(['b']);
  await complete(jobs[0]!);
  await queue.claim(5);
  expect(await job('c')).toMatchObject({
    status: 'completed',
    result: { document_id: 'b', duplicate: true },
  });
});

test('a twin runs itself when the first loses too many workers', async () => {
  await enqueue('a', 'x');
  await enqueue('b', 'x');
  for (let stalls = 0; stalls <= options.maxStalls; stalls++) {
    expect((await claimOne()).id).toBe('a');
    await leasesEnd(1);
  }
  expect((await job('a')).error_code).toBe('stalled');
  expect((await claimOne()).id).toBe('b');
});

test('a twin still waits while the first is retried, given back or taken from a lost worker', async () => {
  await enqueue('a', 'x');
  await enqueue('b', 'x');
  await queue.retry(await claimOne(), 0, { error: 'x', errorCode: 'internal' });
  await queue.release(await claimOne());
  await claimOne();
  await leasesEnd(1);
  const again = await claimOne();
  expect(again.id).toBe('a');
  expect((await queue.claim(5)).jobs).toEqual([]);
  await complete(again);
  await queue.claim(5);
  expect(await job('b')).toMatchObject({ status: 'completed' });
});

test('a failed first that is rerun waits for its twin', async () => {
  await enqueue('a', 'x');
  await enqueue('b', 'x');
  await queue.fail(await claimOne(), { message: 'x', error: 'x', errorCode: 'corrupt' });
  const twin = await claimOne();
  await queue.rerun('a', 1);
  expect((await queue.claim(5)).jobs).toEqual([]);
  await complete(twin);
  await queue.claim(5);
  expect(await job('a')).toMatchObject({ status: 'completed', run: 2, result: { document_id: 'b' } });
});

test('a cancelled twin leaves the line', async () => {
  await enqueue('a', 'x');
  await enqueue('b', 'x');
  await enqueue('c', 'x');
  await queue.cancel('b');
  await queue.fail(await claimOne(), { message: 'x', error: 'x', errorCode: 'corrupt' });
  expect((await claimOne()).id).toBe('c');
});

test('"replace" takes the newest document of its name, and the other versions stay', async () => {
  await enqueue('a', 'x', 'keep');
  await enqueue('b', 'y', 'keep');
  for (const claimed of (await queue.claim(5)).jobs) await complete(claimed);
  // Both may be of one millisecond.
  await redis.client.zadd((await redis.client.keys('line:*:documents'))[0]!, '1', 'a');
  await enqueue('c', 'z', 'replace');
  const claimed = await claimOne();
  expect(claimed.work).toMatchObject({ ok: true, documentId: 'b' });
  expect(await complete(claimed)).toBe('b');
  expect(await redis.client.zrange(keys.documents('default'), '0', '-1')).toEqual(['a', 'b']);
  expect(await redis.client.hget(keys.document('b'), 'generation')).toBe(claimed.token);
  expect(await enqueue('d', 'z')).toMatchObject({ isDuplicate: true });
  // Its former content is no longer there.
  expect(await enqueue('e', 'y')).toMatchObject({ isDuplicate: false });
});

test('"replace" of the same completes with the document', async () => {
  await enqueue('a', 'x', 'replace');
  await complete(await claimOne());
  expect(await enqueue('b', 'x', 'replace')).toMatchObject({ isDuplicate: true });
  expect(await job('b')).toMatchObject({ result: { document_id: 'a', duplicate: true } });
});

test('"replace" waits for every earlier job of its name, so that the last upload wins', async () => {
  await enqueue('a', 'x');
  await enqueue('b', 'y', 'replace');
  await enqueue('c', 'z', 'replace');
  const [first] = (await queue.claim(5)).jobs;
  expect(await waiting()).toEqual([]);
  expect(await complete(first!)).toBe('a');
  const second = await claimOne();
  expect(second.id).toBe('b');
  expect(await complete(second)).toBe('a');
  const third = await claimOne();
  expect(await complete(third)).toBe('a');
  expect(await redis.client.hget(keys.document('a'), 'content_hash')).toBe('z');
});

test('other names do not wait', async () => {
  await enqueue('a', 'x', 'replace');
  await enqueue('b', 'y', 'replace', { filename: 'b.pdf' });
  await enqueue('c', 'z', 'skip');
  expect((await queue.claim(5)).jobs.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test('metadata keeps its digits when the claim names the document to replace', async () => {
  const metadata = { ratio: 0.1234567890123456, big: 9007199254740991, text: '{"document_id":"z",' };
  await enqueue('a', 'x');
  await complete(await claimOne());
  await enqueue('b', 'y', 'replace', { metadata });
  const { work } = await claimOne();
  expect(work).toMatchObject({ ok: true, documentId: 'a', payload: { metadata } });
});

test('a replay of a script changes nothing', async () => {
  const recorded = recordScripts(redis.client);
  const own = new JobQueue(recorded.client, keys, options);
  await own.enqueue('a', 'default', uploadOf('a', 'x'));
  await own.enqueue('b', 'default', uploadOf('b', 'x'));
  const [first] = (await own.claim(1)).jobs;
  await complete(first!);
  await own.claim(5);
  await recovered();
  const made = await own.enqueue('c', 'default', uploadOf('c', 'x'));
  const before = await Promise.all(['a', 'b', 'c'].map(job));
  expect(await recorded.replay('enqueue')).toEqual([
    ['a', expect.anything()],
    ['b', expect.anything()],
    ['c', typeof made === 'object' && made.createdAt],
  ]);
  await recorded.replay('claim');
  expect(await Promise.all(['a', 'b', 'c'].map(job))).toEqual(before);
  expect(await waiting()).toEqual([]);
});

test('a repair queues a twin whose first has gone without a word', async () => {
  await enqueue('a', 'x');
  await enqueue('b', 'x');
  await redis.client.del(keys.job('a'), keys.queue);
  await redis.client.srem(keys.active, 'a');
  await queue.repair('0');
  expect((await claimOne()).id).toBe('b');
});

test('a twin of a job that has waited for long is not counted as lost', async () => {
  await enqueue('a', 'x');
  await enqueue('b', 'x');
  await queue.repair('0');
  expect(await waiting()).toEqual(['a']);
});

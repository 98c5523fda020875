import { expect, test, vi } from 'vitest';

import { toHash } from '../../../src/jobs/model/job-event.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { PRELUDE } from '../../../src/jobs/transitions/load-scripts.ts';
import { toJobView } from '../../../src/jobs/model/job-view.ts';
import { publishedJobs, type PublishedJob } from '../../helpers/responses/published-jobs.ts';
import { recordScripts } from '../../helpers/stores/replay.ts';
import {
  LEASE_MS,
  claimOne,
  document,
  job,
  keys,
  leasesEnd,
  options,
  payload,
  queue,
  redis,
  store,
  useQueue,
} from '../../helpers/stores/queue.ts';

useQueue();

test('a new job stands under the documented keys and fields', async () => {
  const { createdAt } = (await queue.enqueue('a', 'default', payload)) as { createdAt: string };
  expect(createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(Math.abs(Date.parse(createdAt) - Date.now())).toBeLessThan(60_000);
  expect(await redis.client.hgetall('job:a')).toMatchObject({
    id: 'a',
    type: 'document_upload',
    status: 'queued',
    progress: '0',
    message: 'Waiting for worker...',
    payload: JSON.stringify(payload),
    created_at: createdAt,
    updated_at: createdAt,
  });
  expect(await redis.client.lrange('queue:document_upload', 0, -1)).toEqual(['a']);
  expect(await redis.client.smembers('jobs:active')).toEqual(['a']);
});

test('the date of the scripts agrees with the calendar', async () => {
  const lua = `${PRELUDE} return rfc3339(tonumber(ARGV[1]))`;
  for (const date of [
    '1970-01-01T00:00:00Z',
    '2000-02-29T23:59:59Z',
    '2024-12-31T12:34:56Z',
    '2100-03-01T00:00:01Z',
  ]) {
    expect(await redis.client.eval(lua, 0, String(Date.parse(date)))).toBe(date);
  }
});

test('enqueue twice makes one job', async () => {
  await queue.enqueue('a', 'default', payload);
  await queue.enqueue('a', 'default', payload);
  expect(await redis.client.llen('queue:document_upload')).toBe(1);
  expect((await job('a')).version).toBe(1);
});

test('jobs are claimed oldest first, once each', async () => {
  await queue.enqueue('a', 'default', payload);
  await queue.enqueue('b', 'default', payload);
  await queue.enqueue('c', 'default', payload);
  const first = await queue.claim(2);
  expect(first.jobs.map(({ id }) => id)).toEqual(['a', 'b']);
  expect((await queue.claim(5)).jobs.map(({ id }) => id)).toEqual(['c']);
  expect((await queue.claim(5)).jobs).toEqual([]);
  expect(await job('a')).toMatchObject({ status: 'processing', progress: 10, stage: 'parse', attempt: 1 });
});

test('a claim that is sent again gets the same grant', async () => {
  await queue.enqueue('a', 'default', payload);
  await queue.enqueue('b', 'default', payload);
  const recorded = recordScripts(redis.client);
  const { jobs } = await new JobQueue(recorded.client, keys, options).claim(1);
  const [[granted]] = (await recorded.replay('claim')) as [[string[]]];
  expect(granted).toHaveLength(3);
  const [grant = ''] = await redis.client.keys(keys.grant('*'));
  expect(await redis.client.pttl(grant)).toBeGreaterThan(0);
  expect({ ...toHash(JSON.parse(granted[0]!)), timeline: granted[2] }).toEqual(jobs[0]!.hash);
  expect(jobs[0]!.work).toMatchObject({ ok: true, documentId: 'a', payload: JSON.parse(granted[1]!) });
  expect(jobs[0]).toMatchObject({ id: 'a', hash: { token: jobs[0]!.token } });
  expect(await redis.client.lrange('queue:document_upload', 0, -1)).toEqual(['b']);
});

test('progress only grows within an attempt, and a repeated report is no change', async () => {
  await queue.enqueue('a', 'default', payload);
  const claim = await claimOne();
  const report = {
    progress: 45.5,
    message: 'Chunking text...',
    stage: 'chunk',
    counts: { pages_done: 2 },
  } as const;
  expect(await queue.progress(claim, report)).toBe(true);
  const { version } = await job('a');
  expect(await queue.progress(claim, report)).toBe(true);
  expect((await job('a')).version).toBe(version);
  await queue.progress(claim, { ...report, progress: 30, counts: { pages_done: 3 } });
  expect(await job('a')).toMatchObject({
    progress: 45,
    fraction: 0.455,
    counts: { pages_done: 3 },
    version: version + 1,
  });
});

test('a claim that is sent again does not get what it has lost meanwhile', async () => {
  await queue.enqueue('a', 'default', payload);
  await queue.enqueue('b', 'default', payload);
  const recorded = recordScripts(redis.client);
  await new JobQueue(recorded.client, keys, options).claim(2);
  await queue.cancel('a');
  const [[granted]] = (await recorded.replay('claim')) as [[string[]]];
  expect(granted).toHaveLength(3);
  expect(toHash(JSON.parse(granted[0]!))['id']).toBe('b');
});

test('complete settles the job, registers the document and is replay-safe', async () => {
  await queue.enqueue('a', 'default', payload);
  const claim = await claimOne();
  expect(await queue.complete(claim, document)).toBe(true);
  const done = await job('a');
  expect(done).toMatchObject({
    status: 'completed',
    progress: 100,
    message: 'Upload completed successfully',
    result: { document_id: 'a', chunk_count: 2, collection: 'papers' },
  });
  expect(done.result?.processing_time_ms).toBeGreaterThanOrEqual(0);
  expect(await queue.complete(claim, document)).toBe(true);
  expect((await job('a')).version).toBe(done.version);
  expect(await redis.client.smembers('jobs:active')).toEqual([]);
  expect(await redis.client.zcard('jobs:leases')).toBe(0);
  expect(await redis.client.hgetall('document:a')).toMatchObject({
    generation: claim.token,
    chunk_count: '2',
  });
});

test('a failed job keeps the progress where it stopped, in the documented shape', async () => {
  await queue.enqueue('a', 'default', payload);
  const claim = await claimOne();
  await queue.progress(claim, { progress: 30, message: 'Chunking text...', stage: 'chunk', counts: {} });
  expect(
    await queue.fail(claim, {
      message: 'Chunking failed',
      error: 'timeout after 30s',
      errorCode: 'deadline',
    }),
  ).toBe(true);
  expect(await job('a')).toMatchObject({
    status: 'failed',
    progress: 30,
    message: 'Chunking failed',
    error: 'timeout after 30s',
    error_code: 'deadline',
    retry_count: 0,
    max_retries: 3,
  });
  expect(await redis.client.smembers('jobs:active')).toEqual([]);
});

test('a retry waits its delay, is counted, and comes back to the queue by itself', async () => {
  await queue.enqueue('a', 'default', payload);
  const claim = await claimOne();
  expect(await queue.retry(claim, 200, { error: 'timeout', errorCode: 'deadline' })).toBe(true);
  expect(await job('a')).toMatchObject({
    status: 'retrying',
    progress: 0,
    message: 'Retrying (1/3): timeout',
    retry_count: 1,
  });
  const early = await queue.claim(1);
  expect(early.jobs).toEqual([]);
  expect(early.nextMs).toBeGreaterThan(0);
  expect(early.nextMs).toBeLessThanOrEqual(200);
  const again = await vi.waitUntil(async () => (await queue.claim(1)).jobs[0], 60_000);
  expect(again.token).not.toBe(claim.token);
  expect((await job('a')).error).toBeUndefined();
});

test('once the lease has ended the job is taken over, and its old holder can change nothing', async () => {
  await queue.enqueue('a', 'default', payload);
  const lost = await claimOne();
  expect(await leasesEnd(1)).toEqual({ requeued: 1, failed: 0 });
  expect(await job('a')).toMatchObject({ status: 'queued', stalls: 1 });
  const holder = await claimOne();
  const before = await redis.client.hgetall('job:a');

  expect(await queue.renew([lost])).toEqual(['a']);
  expect(await queue.progress(lost, { progress: 99, message: 'x', stage: 'store', counts: {} })).toBe(false);
  expect(await queue.complete(lost, document)).toBe(false);
  expect(await queue.fail(lost, { message: 'x', error: 'x', errorCode: 'corrupt' })).toBe(false);
  expect(await queue.retry(lost, 0, { error: 'x', errorCode: 'corrupt' })).toBe(false);
  expect(await queue.release(lost)).toBe(false);
  expect(await redis.client.hgetall('job:a')).toEqual(before);
  expect(await redis.client.exists('document:a')).toBe(0);

  expect(await queue.renew([holder])).toEqual([]);
  expect(await queue.complete(holder, document)).toBe(true);
  // What the lost worker may have written is marked for deletion.
  const dead = await redis.client.zrange('jobs:cleanup', '0', '-1');
  expect(dead.map((entry) => JSON.parse(entry) as unknown)).toEqual([
    ['default', 'papers', 'a', lost.token, 1],
  ]);
});

test('a renewed lease does not end', async () => {
  await queue.enqueue('a', 'default', payload);
  const claim = await claimOne();
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, LEASE_MS / 2));
    await queue.renew([claim]);
    expect(await queue.expireLeases()).toEqual({ requeued: 0, failed: 0 });
  }
});

test('a job that costs too many workers fails', async () => {
  await queue.enqueue('a', 'default', payload);
  for (let stall = 1; stall <= 3; stall++) {
    await claimOne();
    await leasesEnd(1);
  }
  expect(await job('a')).toMatchObject({ status: 'failed', error_code: 'stalled', stalls: 3 });
  expect(await redis.client.smembers('jobs:active')).toEqual([]);
});

test('when nobody could renew for long, because Redis stood still, holders have time to say that they hold', async () => {
  await queue.enqueue('a', 'default', payload);
  await queue.enqueue('b', 'default', payload);
  const held = await claimOne();
  await claimOne();
  await queue.expireLeases();
  await new Promise((resolve) => setTimeout(resolve, LEASE_MS + 50));
  expect(await queue.expireLeases()).toEqual({ requeued: 0, failed: 0 });
  expect(await queue.renew([held])).toEqual([]);
  await leasesEnd(1, [held]);
  expect(await job('a')).not.toHaveProperty('stalls');
  // Whoever says nothing has lost its job all the same.
  expect(await job('b')).toMatchObject({ status: 'queued', stalls: 1 });
});

test('a released job is next again, with no attempt counted', async () => {
  await queue.enqueue('a', 'default', payload);
  await queue.enqueue('b', 'default', payload);
  expect(await queue.release(await claimOne())).toBe(true);
  expect(await job('a')).toMatchObject({ status: 'queued', attempt: 0 });
  expect((await claimOne()).id).toBe('a');
});

test('every transition publishes the hash with a growing version and offset', async () => {
  const subscriber = redis.client.duplicate();
  const events: PublishedJob[] = [];
  subscriber.on('pmessage', (_p, _c, message: string) => events.push(...publishedJobs(message)));
  await subscriber.psubscribe(keys.allEvents);
  await queue.enqueue('a', 'default', payload);
  const claim = await claimOne();
  await queue.progress(claim, { progress: 30, message: 'Document parsed', stage: 'parse', counts: {} });
  await queue.complete(claim, document);
  await expect.poll(() => events.length).toBe(4);
  subscriber.disconnect();
  expect(events.map(({ offset }) => offset)).toEqual([1, 2, 3, 4]);
  expect(new Set(events.map(({ epoch }) => epoch))).toEqual(new Set([await store.epoch()]));
  expect(events.map(({ hash }) => hash['version'])).toEqual(['1', '2', '3', '4']);
});

test('what a transition publishes is the job as it then is', async () => {
  const subscriber = redis.client.duplicate();
  let last: PublishedJob | undefined;
  subscriber.on('pmessage', (_p, _c, message: string) => (last = publishedJobs(message).at(-1)));
  await subscriber.psubscribe(keys.allEvents);
  let claim!: ClaimedJob;
  const failure = { message: 'Chunking failed', error: 'timeout', errorCode: 'deadline' } as const;
  const report = {
    progress: 30,
    message: 'Document parsed',
    stage: 'parse',
    counts: { pages_done: 2 },
  } as const;
  const take = async () => (claim = await claimOne());
  const transitions = [
    () => queue.enqueue('a', 'default', payload),
    take,
    () => queue.progress(claim, report),
    () => queue.retry(claim, 0, failure),
    take,
    () => queue.retry(claim, 60_000, failure),
    async () => queue.retryNow('a', (await job('a')).version),
    take,
    () => queue.release(claim),
    take,
    () => queue.progress(claim, report),
    () => leasesEnd(1),
    take,
    () => queue.fail(claim, failure),
    () => queue.rerun('a', 1),
    () => queue.cancel('a'),
    () => queue.rerun('a', 2),
    take,
    () => queue.complete(claim, document),
  ];
  for (const [i, transition] of transitions.entries()) {
    await transition();
    await expect.poll(() => last?.hash['version']).toBe(`${i + 1}`);
    expect(toJobView(last!.hash)).toEqual(toJobView(await redis.client.hgetall('job:a')));
    expect(Math.abs(last!.publishedAt - Date.now())).toBeLessThan(60_000);
  }
  subscriber.disconnect();
});

test('a caller with another blob store than the installation is given nothing, and queues nothing', async () => {
  const of = (store: string) => new JobQueue(redis.client, keys, { ...options, store: () => store });
  // An emptied Redis names no store: it accepts jobs, and grants none yet.
  await of('ours').enqueue('a', 'default', payload);
  await expect(of('ours').claim(1)).rejects.toThrow('FOREIGN');
  await redis.client.hset(keys.installation, 'store', 'ours');
  await expect(of('another').claim(1)).rejects.toThrow('FOREIGN');
  await expect(of('another').enqueue('b', 'default', payload)).rejects.toThrow('FOREIGN');
  expect(await redis.client.exists(keys.job('b'))).toBe(0);
  expect((await of('ours').claim(5)).jobs.map(({ id }) => id)).toEqual(['a']);
});

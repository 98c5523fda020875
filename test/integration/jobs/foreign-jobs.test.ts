import { expect, test } from 'vitest';

import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { JobState } from '../../../src/jobs/model/job-view.ts';
import { publishedJobs } from '../../helpers/responses/published-jobs.ts';
import {
  claimOne,
  document,
  job,
  keys,
  leasesEnd,
  payload,
  queue,
  redis,
  store,
  useQueue,
} from '../../helpers/stores/queue.ts';

useQueue();

test('a job that another program wrote with the documented fields alone is claimed', async () => {
  await redis.client.hset('job:hand', {
    id: 'hand',
    type: 'document_upload',
    status: 'queued',
    payload: JSON.stringify({ filename: 'x.txt', file_key: 'default/x' }),
  });
  await redis.client.lpush('queue:document_upload', 'hand');
  const claim = await claimOne();
  expect(claim.id).toBe('hand');
  expect(await redis.client.smembers('jobs:active')).toEqual(['hand']);
  expect(await redis.client.zrange(keys.recent, '0', '-1')).toEqual(['hand']);
  expect(await job('hand')).toMatchObject({ status: 'processing', run: 1, version: 1 });
});

test('what another program wrote is published as polling shows it, from its first transition on', async () => {
  const store = new JobStore(redis.client, keys);
  const payload = JSON.stringify({ filename: 'ü "quoted".pdf', collection: 'papers', file_key: 'default/x' });
  await redis.client.hset('job:hand', { id: 'hand', type: 'document_upload', status: 'queued', payload });
  const published: string[] = [];
  const subscriber = redis.client.duplicate();
  await subscriber.subscribe('job:hand:events');
  subscriber.on('message', (_channel, message: string) => published.push(message));
  await queue.cancel('hand');
  await expect.poll(() => published.length).toBe(1);
  const { epoch, hash } = publishedJobs(published[0]!)[0]!;
  const polled = await store.read('default', 'hand');
  expect(new JobState(hash, epoch).json).toBe(polled?.json);
  expect(JSON.parse(polled!.json)).toMatchObject({ filename: 'ü "quoted".pdf', collection: 'papers' });
  subscriber.disconnect();
});

test('a cancelled job that Redis had forgotten is published as polling shows it', async () => {
  const published: string[] = [];
  const subscriber = redis.client.duplicate();
  await subscriber.subscribe('job:a:events');
  subscriber.on('message', (_channel, message: string) => published.push(message));
  await queue.restoreEnded('a', 'default', payload);
  await expect.poll(() => published.length).toBe(1);
  const { epoch, hash } = publishedJobs(published[0]!)[0]!;
  const polled = await store.read('default', 'a');
  expect(new JobState(hash, epoch).json).toBe(polled?.json);
  expect(JSON.parse(polled!.json)).toMatchObject({ filename: 'a.pdf', collection: 'papers' });
  subscriber.disconnect();
});

test('absurd fields in a hash harm neither the job nor those claimed with it', async () => {
  await queue.enqueue('good', 'default', payload);
  const absurd = {
    fence: 'zz',
    attempt: '',
    version: 'x',
    run: 'one',
    max_retries: '-',
    stalls: '1e999',
    started_ms: 'abc',
  };
  await redis.client.hset('job:absurd', { ...absurd, status: 'queued', payload: JSON.stringify(payload) });
  await redis.client.lpush('queue:document_upload', 'absurd');
  const { jobs } = await queue.claim(5);
  expect(jobs.map(({ id }) => id)).toEqual(['good', 'absurd']);
  const before = await job('absurd');
  expect(before).toMatchObject({ status: 'processing', run: 1, attempt: 1 });
  expect(await leasesEnd(2)).toEqual({ requeued: 2, failed: 0 });
  const again = (await queue.claim(5)).jobs.find(({ id }) => id === 'absurd')!;
  expect(await queue.complete(again, { ...document, documentId: 'absurd' })).toBe(true);
  const done = await job('absurd');
  expect(done).toMatchObject({ status: 'completed', attempt: 2, stalls: 1 });
  expect(done.version).toBeGreaterThan(before.version);
});

test('what cannot run leaves the queue; an id whose hash comes late is kept for it', async () => {
  await redis.client.lpush('queue:document_upload', 'late', 'text', 'done', 'leased', 'leased');
  await redis.client.set('job:text', 'not a hash');
  await redis.client.hset('job:done', { status: 'completed' });
  await redis.client.hset('job:leased', { status: 'queued' });
  const { jobs, nextMs } = await queue.claim(5);
  expect(jobs.map(({ id }) => id)).toEqual(['leased']);
  expect(nextMs).toBeLessThanOrEqual(1000);
  expect(await redis.client.llen('queue:document_upload')).toBe(0);
  await redis.client.hset('job:late', { status: 'queued' });
  expect((await queue.claim(5)).jobs.map(({ id }) => id)).toEqual(['late']);
});

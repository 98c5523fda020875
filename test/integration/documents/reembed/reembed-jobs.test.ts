import { beforeEach, expect, test } from 'vitest';

import { CollectionCounts } from '../../../../src/documents/collections/collection-counts.ts';
import type { ClaimedJob } from '../../../../src/jobs/model/claimed-job.ts';
import { ReembeddingError } from '../../../../src/jobs/transitions/registration-errors.ts';
import { ReembedJobs } from '../../../../src/jobs/transitions/reembed-jobs.ts';
import { DocumentDeletion } from '../../../../src/jobs/transitions/document-deletion.ts';
import { createKeys } from '../../../../src/redis/keys.ts';
import { useRedis } from '../../../helpers/servers/use.ts';
import { TestJobs } from '../../../helpers/stores/test-jobs.ts';

const keys = createKeys();
const papers = { tenant: 'default', collection: 'papers' };
const counts = keys.counts('default', 'papers');
const { signal } = new AbortController();

const redis = useRedis();
const jobs = new TestJobs(redis);
let reembeds: ReembedJobs;
beforeEach(async () => {
  reembeds = new ReembedJobs(redis.client, keys, { maxRetries: 3, ttlSeconds: 100 });
  await redis.client.flushall();
  await jobs.queue.complete(await jobs.claim('a'), documentOf('a'));
});

function documentOf(id: string) {
  const fields = { id, collection: 'papers', model: 'first', dimension: '4' };
  return { documentId: id, ...papers, chunkCount: 1, fields };
}

async function claimReembed(id: string): Promise<ClaimedJob> {
  await reembeds.start(papers, id);
  const [job] = (await jobs.queue.claim(1)).jobs;
  return job!;
}
const mark = () => redis.client.hget(counts, 'reembed');
const statusOf = (id: string) => redis.client.hget(keys.job(id), 'status');

test('a collection has one reembed job at a time, and a collection without documents has none', async () => {
  const job = await claimReembed('r');
  expect(job).toMatchObject({ id: 'r', reembeds: 'papers', run: 1, work: { ok: false } });
  expect(await reembeds.start(papers, 's')).toMatchObject({ id: 'r', status: 'processing' });
  expect(await reembeds.activeJob('r:1')).toBe('r');
  expect(await reembeds.start({ ...papers, collection: 'empty' }, 't')).toBeUndefined();
  expect(await redis.client.exists(keys.job('s'), keys.job('t'))).toBe(0);
  // A sweep takes it up if its worker is lost.
  expect(await reembeds.unsettled()).toEqual([papers]);
});

test('only its holder completes it, and a replay changes nothing', async () => {
  const job = await claimReembed('r');
  expect(await reembeds.complete({ ...job, token: 'other' })).toBe(false);
  expect(await statusOf('r')).toBe('processing');
  expect(await reembeds.complete(job)).toBe(true);
  const version = await redis.client.hget(keys.job('r'), 'version');
  expect(await reembeds.complete(job)).toBe(true);
  expect(await redis.client.hget(keys.job('r'), 'version')).toBe(version);
  expect(await redis.client.hgetall(keys.outcomes)).toEqual({ completed: '2' });
  expect(await redis.client.zcard(keys.leases)).toBe(0);
  expect(await redis.client.sismember(keys.active, 'r')).toBe(0);
  expect(await reembeds.activeJob('r:1')).toBeUndefined();
});

test('no document is registered while it goes on, nor one that a job began before', async () => {
  const before = await jobs.claim('b');
  const reembed = await claimReembed('r');
  await expect(jobs.complete(before)).rejects.toThrow(ReembeddingError);
  await reembeds.complete(reembed);
  await expect(jobs.complete(before)).rejects.toThrow(ReembeddingError);
  expect(await redis.client.exists(keys.document('b'))).toBe(0);
  expect(await statusOf('b')).toBe('processing');
});

test('a rerun is another mark, and waits for no job but another one', async () => {
  const first = await claimReembed('r');
  await jobs.fail(first);
  const second = await claimReembed('s');
  await jobs.queue.rerun('r', 1);
  const [rerun] = (await jobs.queue.claim(1)).jobs;
  expect(await reembeds.hold(rerun!, 'papers')).toBe('taken');
  await reembeds.complete(second);
  expect(await reembeds.hold(rerun!, 'papers')).toBe('held');
  expect(await mark()).toBe('r:2');
});

test('a correction of the counts keeps the mark, and a lost mark is written again', async () => {
  const job = await claimReembed('r');
  await redis.client.hset(counts, 'documents', 7);
  expect(await new CollectionCounts(redis.client, keys).correct('default', signal)).toEqual(['papers']);
  expect(await mark()).toBe('r:1');
  await redis.client.del(counts);
  expect(await reembeds.hold(job, 'papers')).toBe('held');
  expect(await mark()).toBe('r:1');
});

test('no document is registered while it goes on, also after the last document is deleted', async () => {
  await claimReembed('r');
  await redis.client.hset(keys.document('a'), 'tenant', 'default');
  expect(await new DocumentDeletion(redis.client, keys, 100).delete('default', 'papers', 'a')).toEqual([]);
  expect(await mark()).toBe('r:1');
  await expect(jobs.complete(await jobs.claim('b'))).rejects.toThrow(ReembeddingError);
});

test("only its holder makes it the collection's job", async () => {
  const job = await claimReembed('r');
  await jobs.queue.cancel('r');
  expect(await reembeds.hold(job, 'papers')).toBe('lost');
});

test('documents get the new model, and those of another collection keep theirs', async () => {
  await redis.client.hset(keys.document('x'), { id: 'x', collection: 'others', model: 'first' });
  await reembeds.switchModels(papers, ['a', 'x', 'gone'], { name: 'second', dimensions: 8 });
  expect(await redis.client.hmget(keys.document('a'), 'model', 'dimension')).toEqual(['second', '8']);
  expect(await redis.client.hget(keys.document('x'), 'model')).toBe('first');
  expect(await redis.client.exists(keys.document('gone'))).toBe(0);
  const models = Object.keys(await redis.client.hgetall(counts)).filter((field) =>
    field.startsWith('model:'),
  );
  expect(models).toEqual(['model:8:second']);
});

import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { DocumentRegistry } from '../../../src/documents/registry.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { EpochTracker } from '../../../src/jobs/reads/epoch-tracker.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { Tombstones } from '../../../src/jobs/transitions/tombstones.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { BlobStore } from '../../../src/blobs/blob-store.ts';
import { UploadRecovery } from '../../../src/worker/recovery/upload-recovery.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';
import { useRedis } from '../../helpers/servers/use.ts';

const keys = createKeys();
const signal = new AbortController().signal;
const logger = quietLogger();
let queue: JobQueue;
let store: JobStore;
let folder: string;
let blobs: BlobStore;

const redis = useRedis();

beforeAll(() => {
  queue = new JobQueue(redis.client, keys, {
    leaseMs: 30_000,
    maxRetries: 3,
    maxStalls: 10,
    ttlSeconds: 500,
  });
  store = new JobStore(redis.client, keys);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-blobs-'));
  blobs = new BlobStore(folder);
});
afterEach(async () => {
  await redis.client.flushall();
  await blobs.close();
  await rm(folder, { recursive: true });
});

const payloadOf = (id: string): JobPayload => ({
  filename: 'a.txt',
  collection: 'papers',
  chunking_strategy: 'sentence',
  chunk_size: 512,
  chunk_overlap: 50,
  file_key: `default/${id}`,
  metadata: {},
});
/** Sweeps all manifests, as a worker does. */
const recover = () => {
  const { client } = redis;
  const registry = new DocumentRegistry(client, keys);
  const tombstones = new Tombstones(client, keys);
  const epochs = new EpochTracker(client, keys);
  return new UploadRecovery({ blobs, queue, store, registry, tombstones, epochs, logger }).sweep(signal);
};
const enqueue = (id: string) => queue.enqueue(id, 'default', payloadOf(id));
const job = async (id: string) => JSON.parse((await store.read('default', id))!.json) as Job;
async function repairAll(): Promise<number> {
  let repaired = 0;
  for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
    const round = await queue.repair(cursor);
    ({ cursor } = round);
    repaired += round.repaired;
  }
  return repaired;
}
/** Stores an upload as an acknowledged one is stored, as long ago as that. */
async function storeUpload(id: string, ageMs: number): Promise<void> {
  const blob = blobs.create('default', id);
  await new Promise<void>((resolve) => blob.stream.end('hello', () => resolve()));
  await blob.describe({ job_id: id, tenant: 'default', payload: payloadOf(id) });
  await blob.commit();
  for (const name of [id, `${id}.json`]) {
    const then = new Date(Date.now() - ageMs);
    await utimes(join(folder, 'default', name), then, then);
  }
}

test('a job that another program popped from the queue is requeued', async () => {
  await enqueue('a');
  await redis.client.rpop(keys.queue);
  expect(await repairAll()).toBe(1);
  expect((await queue.claim(1)).jobs.map(({ id }) => id)).toEqual(['a']);
});

test('in a queue of thousands the one that is missing is found, wherever it was, and no other is queued twice', async () => {
  const ids = Array.from({ length: 2500 }, (_, i) => `${i}`);
  await Promise.all(ids.map(enqueue));
  for (const id of ['0', '1200', '2499']) await redis.client.lrem(keys.queue, 1, id);
  expect(await repairAll()).toBe(3);
  expect((await redis.client.lrange(keys.queue, 0, -1)).sort()).toEqual(ids.sort());
});

test('a job in processing whose lease another program removed is requeued, its holder shut out', async () => {
  await enqueue('a');
  const { jobs } = await queue.claim(1);
  await redis.client.del(keys.leases);
  expect(await repairAll()).toBe(1);
  expect(await job('a')).toMatchObject({ status: 'queued' });
  expect(await queue.progress(jobs[0]!, { progress: 50, message: 'x', stage: 'embed', counts: {} })).toBe(
    false,
  );
  expect(await redis.client.zcard(keys.cleanup)).toBe(1);
});

test('what runs, waits or is delayed is left alone', async () => {
  for (const id of ['waits', 'runs', 'delayed']) await enqueue(id);
  const { jobs } = await queue.claim(2);
  await queue.retry(jobs[0]!, 60_000, { error: 'x', errorCode: 'corrupt' });
  expect(await repairAll()).toBe(0);
});

test('a job that was deleted, or ended by hand, is active no more', async () => {
  await enqueue('deleted');
  await enqueue('ended');
  await redis.client.del(keys.job('deleted'));
  await redis.client.hset(keys.job('ended'), 'status', 'completed');
  expect(await repairAll()).toBe(2);
  expect(await redis.client.smembers(keys.active)).toEqual([]);
});

test('an upload that Redis has forgotten is requeued under its id, once', async () => {
  await storeUpload('lost', 60_000);
  await recover();
  await recover();
  expect(await redis.client.lrange(keys.queue, 0, -1)).toEqual(['lost']);
  expect(await job('lost')).toMatchObject({ status: 'queued', filename: 'a.txt', collection: 'papers' });
});

test('an upload whose job another program deleted goes on behind the versions that were seen of it', async () => {
  await storeUpload('a', 20_000);
  await enqueue('a');
  const { jobs } = await queue.claim(1);
  for (let progress = 61; progress < 70; progress++)
    await queue.progress(jobs[0]!, { progress, message: 'm', stage: 'embed', counts: {} });
  const { version, epoch } = (await store.read('default', 'a'))!;
  await redis.client.del(keys.job('a'));
  await recover();
  const again = (await store.read('default', 'a'))!;
  expect([again.status, again.epoch]).toEqual(['queued', epoch]);
  expect(again.version).toBeGreaterThan(version);
});

test('a file that only looks like a manifest keeps no upload from being found', async () => {
  await storeUpload('lost', 60_000);
  const then = new Date(Date.now() - 60_000);
  for (const [i, text] of [
    '5',
    'null',
    '{"job_id":"x"}',
    '{"job_id":1,"tenant":"a","payload":{}}',
  ].entries()) {
    const path = join(folder, 'default', `${i}.json`);
    await writeFile(path, text);
    await utimes(path, then, then);
  }
  await recover();
  expect(await redis.client.lrange(keys.queue, 0, -1)).toEqual(['lost']);
});

test('an upload that is just being answered is not taken for a forgotten one', async () => {
  await storeUpload('fresh', 0);
  await recover();
  expect(await redis.client.exists(keys.job('fresh'))).toBe(0);
});

test('the end of a job is noted, that of one under way is not', async () => {
  for (const id of ['ended', 'queued']) {
    await storeUpload(id, 60_000);
    await enqueue(id);
  }
  await queue.cancel('ended');
  await redis.client.srem(keys.active, 'queued');
  await recover();
  expect(await blobs.ended.ids()).toEqual(new Set(['ended']));
  expect(await redis.client.smembers(keys.active)).toEqual(['queued']);
});

test("a job that another program made of an upload's file leaves the upload's own promise alone", async () => {
  await storeUpload('owner', 60_000);
  const shared = payloadOf('owner');
  await queue.enqueue('guest', 'default', shared);
  await blobs.ended.note(shared.file_key, 'guest', 'cancelled', 'present');
  await blobs.ended.note(shared.file_key, 'guest', 'completed', 'present');
  await blobs.restoreManifest(shared.file_key, { job_id: 'guest', tenant: 'default', payload: shared });
  await recover();
  expect(await redis.client.lrange(keys.queue, 0, -1)).toEqual(['owner', 'guest']);
  expect(await blobs.ended.has('guest')).toBe(false);
});

test('an ended job expires, and the list of recent jobs forgets it', async () => {
  await enqueue('a');
  await queue.cancel('a');
  expect(await redis.client.ttl(keys.job('a'))).toBeGreaterThan(400);
  await redis.client.del(keys.job('a'));
  await repairAll();
  expect(await redis.client.zcard(keys.recent)).toBe(0);
});

test('a worker that lost its claim notes what it wrote, unless that is what the document shows', async () => {
  await enqueue('a');
  const { jobs } = await queue.claim(1);
  const written = { tenant: 'default', collection: 'papers', documentId: 'a' };
  await redis.client.flushall();
  await queue.abandon(jobs[0]!, written);
  expect(await redis.client.zcard(keys.cleanup)).toBe(1);
  await redis.client.del(keys.cleanup);
  await redis.client.hset(keys.document('a'), 'generation', jobs[0]!.token);
  await queue.abandon(jobs[0]!, written);
  expect(await redis.client.zcard(keys.cleanup)).toBe(0);
});

import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';

import { DocumentRegistry } from '../../../src/documents/registry.ts';
import { CleanupLog } from '../../../src/jobs/transitions/cleanup-log.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { EpochTracker } from '../../../src/jobs/reads/epoch-tracker.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { Tombstones } from '../../../src/jobs/transitions/tombstones.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { BlobStore } from '../../../src/blobs/blob-store.ts';
import { TombstoneSweep } from '../../../src/worker/recovery/tombstone-sweep.ts';
import { UploadRecovery } from '../../../src/worker/recovery/upload-recovery.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';
import { use, useFolder, useRedis } from '../../helpers/servers/use.ts';

const JOBS = 10_000;
/** A prime, so that every document meets every fate. */
const DOCUMENTS = 97;
/** After so many each document is there. */
const FIRST = 10 * DOCUMENTS;
const LEASE_MS = 1000;
const TTL_SECONDS = 2;
const DAY_MS = 24 * 60 * 60 * 1000;
const keys = createKeys();
let queue: JobQueue;

const redis = useRedis();
const folder = useFolder();
const blobs = use(() => new BlobStore(folder));

beforeAll(() => {
  queue = new JobQueue(redis.client, keys, {
    leaseMs: LEASE_MS,
    maxRetries: 3,
    maxStalls: 10,
    ttlSeconds: TTL_SECONDS,
  });
});

test('ten thousand jobs of every fate leave Redis and the blobs as the first few did', async () => {
  await run(0, FIRST);
  await settle();
  const before = await redis.client.keys('*');
  expect(await redis.client.zcard(keys.documents('default'))).toBe(DOCUMENTS);

  // Some that another program queues, and never writes.
  await redis.client.lpush(keys.queue, ...Array.from({ length: 100 }, (_, i) => `foreign-${i}`));
  await run(FIRST, JOBS);
  await settle();
  expect((await redis.client.keys('*')).sort()).toEqual(before.sort());
  expect(await redis.client.dbsize()).toBe(before.length);
  expect(await redis.client.llen(keys.durations)).toBe(1000);
  expect(await redis.client.zcard(keys.documents('default'))).toBe(DOCUMENTS);
  expect(await redis.client.zcard(keys.documentsIn('default', 'papers'))).toBe(DOCUMENTS);
  const owned = [];
  for await (const { fileKey } of new DocumentRegistry(redis.client, keys).fileKeys('default'))
    owned.push(fileKey);
  expect(await originals()).toEqual(owned.map((key) => key.slice('default/'.length)).sort());
});

/** What becomes of a job, by its number. */
function fate(number: number) {
  const fates = [
    'fails',
    'is cancelled',
    'is cancelled at work',
    'is tried again',
    'loses its worker',
  ] as const;
  return fates[number % 10] ?? 'completes';
}

/** Has jobs made, and brings all of them to their end. */
async function run(from: number, until: number): Promise<void> {
  for (let number = from; number < until; number += 50) {
    await Promise.all(Array.from({ length: Math.min(50, until - number) }, (_, i) => enqueue(number + i)));
    await work(200);
  }
  while ((await redis.client.scard(keys.active)) > 0) await work(200);
}

async function enqueue(number: number): Promise<void> {
  const id = `${number}`;
  const blob = blobs.create('default', id);
  await new Promise<void>((resolve) => blob.stream.end('hello', () => resolve()));
  const payload: JobPayload = {
    filename: 'a.txt',
    collection: 'papers',
    chunking_strategy: 'sentence',
    chunk_size: 512,
    chunk_overlap: 50,
    file_key: blob.key,
    metadata: {},
    document_id: `${number % DOCUMENTS}`,
  };
  await blob.describe({ job_id: id, tenant: 'default', payload });
  await blob.commit();
  await queue.enqueue(id, 'default', payload);
  if (fate(number) === 'is cancelled') await queue.cancel(id);
}

async function work(count: number): Promise<void> {
  const { jobs } = await queue.claim(count);
  await Promise.all(jobs.map(end));
  await queue.expireLeases();
  if (jobs.length === 0) await sleep(100);
}

async function end(job: ClaimedJob): Promise<void> {
  const number = Number(job.id);
  const first = job.hash['attempt'] === '1';
  const how = fate(number);
  if (how === 'loses its worker' && first) return;
  const report = { progress: 60, message: 'x', stage: 'embed', counts: { chunks_done: 1 } } as const;
  await queue.progress(job, report);
  if (how === 'fails') await queue.fail(job, { message: 'x', error: 'x', errorCode: 'corrupt' });
  else if (how === 'is cancelled at work') await queue.cancel(job.id);
  else if (how === 'is tried again' && first)
    await queue.retry(job, 10, { error: 'x', errorCode: 'corrupt' });
  else {
    const documentId = `${number % DOCUMENTS}`;
    const fields = { id: documentId, file_key: `default/${number}`, tenant: 'default' };
    const document = { documentId, tenant: 'default', collection: 'papers', chunkCount: 1, fields };
    await queue.complete(job, document);
  }
}

/** Does what sweeps do, until nothing is left to be done. */
async function settle(): Promise<void> {
  const cleanups = new CleanupLog(redis.client, keys, 10);
  const left = async () => {
    await queue.claim(1);
    await queue.repair('0');
    for (const cleanup of await cleanups.due(500)) await cleanups.finish(cleanup);
    const { active, leases, delayed, limbo, cleanup, recent } = keys;
    const sets = [leases, delayed, limbo, cleanup, recent].map((key) => redis.client.zcard(key));
    const sizes = await Promise.all([...sets, redis.client.scard(active), redis.client.llen(keys.queue)]);
    const passing = (await redis.client.keys('*')).filter((key) => /^(job:|jobs:grant:)/.test(key));
    return [...sizes, passing.length].reduce((sum, size) => sum + size);
  };
  await expect.poll(left, { timeout: 150_000, interval: 20 }).toBe(0);

  await age();
  const { client } = redis;
  const store = new JobStore(client, keys);
  const registry = new DocumentRegistry(client, keys);
  const tombstones = new Tombstones(client, keys);
  const epochs = new EpochTracker(client, keys);
  const services = { blobs, queue, store, registry, tombstones, epochs, logger: quietLogger() };
  const { signal } = new AbortController();
  await new UploadRecovery(services).sweep(signal);
  const dead = async () => {
    await new TombstoneSweep(services).sweep(signal);
    return client.zcard(keys.tombstones);
  };
  await expect.poll(dead, { timeout: 60_000, interval: 200 }).toBe(0);
}

/** Makes all files two days older. */
async function age(): Promise<void> {
  const then = new Date(Date.now() - 2 * DAY_MS);
  const files = await readdir(folder, { recursive: true });
  await Promise.all(files.map((name) => utimes(join(folder, name), then, then)));
}

async function originals(): Promise<string[]> {
  return (await readdir(join(folder, 'default'))).filter((name) => !name.includes('.')).sort();
}

import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Counter, Registry } from '@prometheus-io/client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { DocumentRegistry } from '../../../src/documents/registry.ts';
import { EpochTracker } from '../../../src/jobs/reads/epoch-tracker.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { JobRestoration } from '../../../src/jobs/transitions/job-restoration.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { Tombstones } from '../../../src/jobs/transitions/tombstones.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { BlobStore } from '../../../src/blobs/blob-store.ts';
import type { Manifest } from '../../../src/blobs/manifest.ts';
import { EndedRecovery } from '../../../src/worker/recovery/ended-recovery.ts';
import { ManifestRestoration } from '../../../src/worker/recovery/manifest-restoration.ts';
import { OrphanSweep } from '../../../src/worker/recovery/orphan-sweep.ts';
import { TombstoneSweep } from '../../../src/worker/recovery/tombstone-sweep.ts';
import { UploadRecovery } from '../../../src/worker/recovery/upload-recovery.ts';
import { startRedis, type TestRedis } from '../../helpers/servers/redis.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const TTL_SECONDS = 500;
const keys = createKeys();
const signal = new AbortController().signal;
let logger = quietLogger();
let redis: TestRedis;
let queue: JobQueue;
let folder: string;
let blobs: BlobStore;

beforeAll(async () => {
  redis = await startRedis();
  const options = { leaseMs: 30_000, maxRetries: 3, maxStalls: 0, ttlSeconds: TTL_SECONDS };
  queue = new JobQueue(redis.client, keys, options);
});
afterAll(() => redis.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-blobs-'));
  blobs = new BlobStore(folder);
  logger = quietLogger();
});
afterEach(async () => {
  await redis.client.flushall();
  await blobs.close();
  await rm(folder, { recursive: true });
});

const payloadOf = (id: string, file = id): JobPayload => ({
  filename: 'a.txt',
  collection: 'papers',
  chunking_strategy: 'sentence',
  chunk_size: 512,
  chunk_overlap: 50,
  file_key: `default/${file}`,
  metadata: {},
});
function services() {
  const { client } = redis;
  const store = new JobStore(client, keys);
  const registry = new DocumentRegistry(client, keys);
  const tombstones = new Tombstones(client, keys);
  const epochs = new EpochTracker(client, keys);
  const shared = { blobs, queue, store, registry, tombstones, epochs, logger };
  const manifests = new ManifestRestoration(shared, TTL_SECONDS * 1000);
  const trashed = new Counter({ name: 'trashed', help: 'x', registers: [new Registry()] });
  return { ...shared, manifests, trashed };
}
/** Stores an upload like an acknowledged one, and queues its job. */
async function upload(id: string, more: Partial<Manifest> = {}): Promise<void> {
  await store(id);
  await blobs.restoreManifest(`default/${id}`, {
    job_id: id,
    tenant: 'default',
    payload: payloadOf(id),
    ...more,
  });
  await queue.enqueue(id, 'default', more.payload ?? payloadOf(id));
}
/** Stores an original without a manifest. */
async function store(id: string): Promise<void> {
  await mkdir(join(folder, 'default'), { recursive: true });
  await writeFile(join(folder, 'default', id), 'hello');
}
async function claim(id: string): Promise<ClaimedJob> {
  const { jobs } = await queue.claim(1);
  expect(jobs[0]?.id).toBe(id);
  return jobs[0] as ClaimedJob;
}
const fail = async (id: string) => queue.fail(await claim(id), { message: 'x', error: 'x', errorCode: 'x' });
async function complete(id: string, documentId = id, file = id): Promise<void> {
  const fields = {
    id: documentId,
    filename: 'a.txt',
    collection: 'papers',
    tenant: 'default',
    file_key: `default/${file}`,
    size: '5',
  };
  const document = { documentId, tenant: 'default', collection: 'papers', chunkCount: 1, fields };
  await queue.complete(await claim(id), document);
}
/** Expires all jobs, makes their tombstones due, and makes every file a week old. */
async function aWeekLater(): Promise<void> {
  await noteEnds();
  for (const tombstone of await redis.client.zrange(keys.tombstones, '0', '-1'))
    await redis.client.zadd(keys.tombstones, 1, tombstone);
  for (const id of await redis.client.zrange(keys.recent, '0', '-1')) {
    if ((await redis.client.ttl(keys.job(id))) > 0) await redis.client.del(keys.job(id));
  }
  await age();
}
async function age(days = 8): Promise<void> {
  const then = new Date(Date.now() - days * DAY_MS);
  for (const name of await readdir(folder, { recursive: true })) await utimes(join(folder, name), then, then);
}
async function noteEnds(): Promise<void> {
  await age(1);
  await new UploadRecovery(services()).sweep(signal);
}
/** Registers a document whose original is elsewhere. */
async function anyDocument(): Promise<void> {
  await redis.client.hset(keys.document('any'), { id: 'any', file_key: 'default/any' });
  await redis.client.zadd(keys.documents('default'), 1, 'any');
}
async function sweep(): Promise<void> {
  await new TombstoneSweep(services()).sweep(signal);
  await new OrphanSweep(services(), 7).sweep(signal);
}
async function files(under = 'default'): Promise<string[]> {
  const names: string[] = await readdir(join(folder, under)).catch(() => []);
  return names.sort();
}
/** Marks the store as begun by this version, or by an older one. */
const installed = (from: 'empty' | 'older') =>
  writeFile(
    join(folder, 'installation.json'),
    JSON.stringify({ id: 'x', adopted_at: new Date().toISOString(), from }),
  );

test('a sweep deletes an original by the tombstone of the script that ended its job', async () => {
  await upload('failed');
  await fail('failed');
  await upload('cancelled');
  await queue.cancel('cancelled');
  await upload('stalled');
  await claim('stalled');
  await redis.client.zadd(keys.leases, 1, 'stalled');
  await redis.client.set(keys.swept, Date.now());
  await queue.expireLeases();
  await upload('completed');
  await complete('completed');
  await upload('waiting');
  const due = await redis.client.zrange(keys.tombstones, '0', '-1', 'WITHSCORES');
  expect(due.filter((_, i) => i % 2 === 0).map((entry) => (JSON.parse(entry) as string[])[0])).toEqual(
    expect.arrayContaining(['failed', 'cancelled', 'stalled']),
  );
  expect(Number(due[1])).toBeGreaterThan(Date.now() + (TTL_SECONDS - 60) * 1000);
  // No tombstone is due yet.
  await noteEnds();
  await sweep();
  expect((await files()).length).toBe(10);
  await aWeekLater();
  await sweep();
  expect(await files()).toEqual(['completed', 'completed.json', 'waiting', 'waiting.json']);
  expect(await blobs.ended.ids()).toEqual(new Set(['completed']));
  expect(await redis.client.zcard(keys.tombstones)).toBe(0);
});

test('a rerun job has no tombstone', async () => {
  await upload('a');
  await fail('a');
  await queue.rerun('a', 1);
  expect(await redis.client.zcard(keys.tombstones)).toBe(0);
});

test('an original that cannot be deleted does not keep the others', async () => {
  await upload('failed');
  await fail('failed');
  await mkdir(join(folder, 'default', 'folder'));
  await queue.enqueue('foreign', 'default', payloadOf('foreign', 'folder'));
  await queue.cancel('foreign');
  await noteEnds();
  for (const tombstone of await redis.client.zrange(keys.tombstones, '0', '-1'))
    await redis.client.zadd(keys.tombstones, tombstone.includes('foreign') ? 1 : 2, tombstone);
  await redis.client.del(keys.job('failed'), keys.job('foreign'));
  await new TombstoneSweep(services()).sweep(signal);
  expect(await files()).toEqual(['folder']);
  const [left] = await redis.client.zrange(keys.tombstones, '0', '-1', 'WITHSCORES');
  expect(left).toContain('foreign');
});

test('the tombstone of an earlier run, in an older copy of Redis, deletes no original and keeps no document away', async () => {
  for (const id of ['completed', 'promised']) {
    await upload(id);
    await fail(id);
  }
  const older = await redis.client.zrange(keys.tombstones, '0', '-1');
  for (const id of ['completed', 'promised']) {
    const { payload } = (await blobs.manifest(`default/${id}`)) as Manifest;
    await blobs.restoreManifest(`default/${id}`, { job_id: id, tenant: 'default', payload, run: 2 });
  }
  await blobs.ended.note('default/completed', 'completed', 'completed', 'later');
  await redis.client.flushall();
  for (const tombstone of older) await redis.client.zadd(keys.tombstones, 1, tombstone);
  await age();
  const restoration = new JobRestoration(redis.client, keys, TTL_SECONDS);
  const recovery = new EndedRecovery({ ...services(), restoration }, TTL_SECONDS * 1000);
  await recovery.sweep('older', signal);
  await new UploadRecovery(services()).sweep(signal);
  expect((await redis.client.lrange(keys.queue, 0, -1)).sort()).toEqual(['completed', 'promised']);

  // A sweep may come before any of them.
  await blobs.ended.note('default/completed', 'completed', 'completed', 'later');
  await redis.client.flushall();
  for (const tombstone of older) await redis.client.zadd(keys.tombstones, 1, tombstone);
  await sweep();
  expect((await files()).filter((name) => !name.endsWith('.json'))).toEqual(['completed', 'promised']);
});

test('a tombstone that is due deletes nothing that a document, a job or another upload needs', async () => {
  await upload('document');
  await complete('document');
  await upload('running');
  await claim('running');
  await upload('other');
  // Another program made jobs of the same originals, and they failed.
  for (const [id, file] of [
    ['g1', 'document'],
    ['g2', 'running'],
    ['g3', 'other'],
  ] as const) {
    await queue.enqueue(id, 'default', payloadOf(id, file));
    await queue.cancel(id);
  }
  await aWeekLater();
  await sweep();
  expect((await files()).filter((name) => !name.endsWith('.json'))).toEqual(['document', 'other', 'running']);
});

test("an original stays that only another job's document owns, or only its manifest claims", async () => {
  await upload('shared');
  await fail('shared');
  await queue.enqueue('guest', 'default', payloadOf('guest', 'shared'));
  await complete('guest', 'guest', 'shared');
  await aWeekLater();
  // Redis has forgotten this upload, and knows a job of its original that another program made.
  await upload('forgotten');
  await redis.client.del(keys.job('forgotten'), keys.active, keys.queue);
  await queue.enqueue('g', 'default', payloadOf('g', 'forgotten'));
  await queue.cancel('g');
  for (const tombstone of await redis.client.zrange(keys.tombstones, '0', '-1'))
    await redis.client.zadd(keys.tombstones, 1, tombstone);
  await new TombstoneSweep(services()).sweep(signal);
  expect(await files()).toEqual(['forgotten', 'forgotten.json', 'shared', 'shared.json']);
});

test("a document's former original is deleted, the present one is not", async () => {
  for (const id of ['first', 'second']) {
    const payload = { ...payloadOf(id), document_id: 'd' };
    await upload(id, { payload });
    await complete(id, 'd', id);
  }
  await aWeekLater();
  await sweep();
  expect(await files()).toEqual(['second', 'second.json']);
});

test('an empty Redis, and one under another prefix, delete nothing however old it is', async () => {
  await installed('empty');
  for (const id of ['failed', 'done', 'waiting']) await upload(id);
  await fail('failed');
  await complete('done');
  await aWeekLater();
  const before = await files();
  await redis.client.flushall();
  await sweep();
  await sweep();
  expect(await files()).toEqual(before);
  expect(await files('trash')).toEqual([]);
});

test('a sweep restores the manifests of an older version that a document or a job explains', async () => {
  await installed('older');
  await upload('done');
  await complete('done');
  await upload('failed');
  await fail('failed');
  for (const id of ['done', 'failed']) await rm(join(folder, 'default', `${id}.json`));
  await age();
  await redis.client.del(keys.tombstones);
  await sweep();
  expect(await files()).toEqual(['done', 'done.json', 'failed', 'failed.json']);
  expect(await blobs.ended.ids()).toEqual(new Set(['done', 'failed']));
  expect(await blobs.manifest('default/done')).toMatchObject({
    job_id: 'done',
    payload: { file_key: 'default/done' },
  });
  // Neither is requeued, and the failed one expires as usual.
  expect(await redis.client.llen(keys.queue)).toBe(0);
  await aWeekLater();
  await sweep();
  expect(await files()).toEqual(['done', 'done.json']);
});

test('unexplained files go to the trash, and a sweep deletes them after some days', async () => {
  await installed('older');
  const [older, torn] = [randomUUID(), randomUUID()];
  for (const id of [older, torn, 'by hand']) await store(id);
  await writeFile(join(folder, 'default', `${torn}.json`), '{"job_id":');
  await age();
  // A Redis that knows nothing at all may be the wrong one: it explains nothing.
  await sweep();
  expect((await files()).length).toBe(4);
  await anyDocument();
  const { trashed } = services();
  await new OrphanSweep({ ...services(), trashed }, 7).sweep(signal);
  expect(await files()).toEqual([]);
  const [day = ''] = await files('trash');
  expect(await files(join('trash', day, 'default'))).toEqual([older, torn, `${torn}.json`, 'by hand'].sort());
  expect((await trashed.get()).values[0]?.value).toBe(3);
  expect(logger.lines.filter((line) => line.includes('is in the trash')).length).toBe(3);
  const moveTo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
  for (const days of [7, 9]) await mkdir(join(folder, 'trash', moveTo(days)));
  await sweep();
  expect(await files('trash')).toEqual([moveTo(7), day]);
});

test('without a manifest a sweep deletes only an upload that was cut off, after a day', async () => {
  await installed('empty');
  const [cutOff, young] = [randomUUID(), randomUUID()];
  await store(cutOff);
  await writeFile(join(folder, 'default', `${cutOff}.json`), '');
  await store('by hand');
  await mkdir(join(folder, 'default', 'left.checkpoint'));
  await anyDocument();
  await age(2);
  await store(young);
  await sweep();
  expect(await files()).toEqual([young]);
  const [day = ''] = await files('trash');
  expect(await files(join('trash', day, 'default'))).toEqual(['by hand']);
});

test('a sweep that would move more than a hundred files moves none, and says so', async () => {
  await installed('older');
  await anyDocument();
  for (let i = 0; i <= 100; i++) await store(randomUUID());
  await age();
  await sweep();
  expect((await files()).length).toBe(101);
  expect(logger.lines.join()).toContain('none is moved');
  await rm(join(folder, 'default', (await files())[0] as string));
  await sweep();
  expect(await files()).toEqual([]);
});

test('sweeps delete and move nothing while a backup runs', async () => {
  await installed('empty');
  await upload('failed');
  await fail('failed');
  await store(randomUUID());
  await aWeekLater();
  await redis.client.set(keys.deletesPaused, 'a backup');
  await sweep();
  expect((await files()).length).toBe(3);
  await redis.client.del(keys.deletesPaused);
  await sweep();
  expect(await files()).toEqual([]);
});

test('an upload that was refused, or ended without a note, is not requeued', async () => {
  await upload('refused');
  await queue.withdraw('refused', 'default', 'papers', undefined);
  await upload('cancelled');
  await queue.cancel('cancelled');
  await redis.client.del(keys.job('cancelled'));
  await noteEnds();
  expect(await redis.client.llen(keys.queue)).toBe(0);
  await sweep();
  expect(await files()).toEqual(['cancelled', 'cancelled.json']);
});

test('files outside the folders of tenants are left alone', async () => {
  await installed('empty');
  await writeFile(join(folder, 'README'), 'x');
  for (const name of ['.snapshot', 'lost+found']) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, randomUUID()), 'x');
  }
  await age();
  await sweep();
  expect(await readdir(folder)).toEqual(['.snapshot', 'README', 'installation.json', 'lost+found']);
});

test('a clock that was set back neither blocks the recovery of an upload nor deletes one early', async () => {
  await upload('forgotten');
  await upload('ended');
  await claim('forgotten');
  await fail('ended');
  await store('unexplained');
  await noteEnds();
  const before = await files();
  await redis.client.del(keys.job('forgotten'), keys.job('ended'));
  const anHourAhead = -1 / 24;
  await age(anHourAhead);
  for (const tombstone of await redis.client.zrange(keys.tombstones, '0', '-1'))
    await redis.client.zadd(keys.tombstones, Date.now() - anHourAhead * DAY_MS, tombstone);
  await new UploadRecovery(services()).sweep(signal);
  await sweep();
  expect((await services().store.read('default', 'forgotten'))?.status).toBe('queued');
  expect(await services().store.read('default', 'ended')).toBeUndefined();
  expect(await files()).toEqual(before);
  expect(await files('trash')).toEqual([]);
});

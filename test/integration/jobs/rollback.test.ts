import { mkdir, mkdtemp, readdir, rename, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { DocumentRegistry } from '../../../src/documents/registry.ts';
import { EpochTracker } from '../../../src/jobs/reads/epoch-tracker.ts';
import { DocumentEdits } from '../../../src/jobs/transitions/document-edits.ts';
import { DocumentDeletion } from '../../../src/jobs/transitions/document-deletion.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { Tombstones } from '../../../src/jobs/transitions/tombstones.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { BlobStore } from '../../../src/blobs/blob-store.ts';
import { cancelUpload } from '../../../src/uploads/cancel-upload.ts';
import type { End } from '../../../src/blobs/ended-uploads.ts';
import { rerunUpload } from '../../../src/uploads/rerun-upload.ts';
import { EndedRecovery } from '../../../src/worker/recovery/ended-recovery.ts';
import { ManifestRestoration } from '../../../src/worker/recovery/manifest-restoration.ts';
import type { RecoveryServices } from '../../../src/worker/recovery/recovery-services.ts';
import { UploadRecovery } from '../../../src/worker/recovery/upload-recovery.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';
import { useRedis } from '../../helpers/servers/use.ts';
import { folderProver } from '../../helpers/stores/store-prover.ts';

const TTL_MS = 24 * 60 * 60 * 1000;
const keys = createKeys();
const signal = new AbortController().signal;
const logger = quietLogger();
let queue: JobQueue;
let store: JobStore;
let folder: string;
let blobs: BlobStore;
let recovery: EndedRecovery;
let services: RecoveryServices;

const redis = useRedis();

beforeAll(() => {
  const options = { leaseMs: 30_000, maxRetries: 3, maxStalls: 10, ttlSeconds: 500 };
  queue = new JobQueue(redis.client, keys, options);
  store = new JobStore(redis.client, keys);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-blobs-'));
  blobs = new BlobStore(folder);
  const { client } = redis;
  const registry = new DocumentRegistry(client, keys);
  const tombstones = new Tombstones(client, keys);
  const epochs = new EpochTracker(client, keys);
  services = { blobs, queue, store, registry, tombstones, epochs, logger };
  const manifests = new ManifestRestoration(services, TTL_MS);
  const deletion = new DocumentDeletion(client, keys, TTL_MS / 1000);
  const edits = new DocumentEdits(client, keys, 0);
  recovery = new EndedRecovery({ ...services, manifests, deletion, edits }, TTL_MS);
});
afterEach(async () => {
  await redis.client.flushall();
  await blobs.close();
  await rm(folder, { recursive: true });
});

const payloadOf = (id: string) => ({
  filename: `${id}.txt`,
  collection: 'papers',
  chunking_strategy: 'sentence' as const,
  chunk_size: 512,
  chunk_overlap: 50,
  file_key: `default/${id}`,
  metadata: {},
});
const job = async (id: string) => JSON.parse((await store.read('default', id))?.json ?? 'null') as Job | null;
const waiting = () => redis.client.lrange(keys.queue, 0, -1);
const beside = async () =>
  (await readdir(join(folder, 'default'))).filter((name) => name.endsWith('.json')).sort();

/** An upload that is stored and queued. */
async function upload(id: string): Promise<void> {
  const blob = blobs.create('default', id);
  await new Promise<void>((resolve) => blob.stream.end('hello', () => resolve()));
  await blob.describe({ job_id: id, tenant: 'default', payload: payloadOf(id) });
  await blob.commit();
  await queue.enqueue(id, 'default', payloadOf(id));
}
/** Makes a manifest, and the note that shares its file, older than the jobs' TTL. */
async function age(name: string): Promise<void> {
  const then = new Date(Date.now() - 2 * TTL_MS);
  await utimes(join(folder, 'default', name), then, then);
}
/** Goes through all manifests, as a worker does; they are old enough to be looked at. */
async function sweepManifests(): Promise<void> {
  const then = new Date(Date.now() - 60_000);
  for (const name of await beside()) await utimes(join(folder, 'default', name), then, then);
  await new UploadRecovery(services).sweep(signal);
}
/** Keeps a copy of all that Redis holds. @returns goes back to it */
async function copyRedis(): Promise<() => Promise<void>> {
  const names = await redis.client.keys('*');
  const copies = await Promise.all(names.map((name) => redis.client.dumpBuffer(name)));
  return async () => {
    await redis.client.flushall();
    await Promise.all(names.map((name, i) => redis.client.restore(name, 0, copies[i] as Buffer)));
  };
}
/** Notes how an upload ended as its worker does, in an earlier epoch. */
const end = (id: string, status: End) => blobs.ended.note(`default/${id}`, id, status, 'lost');

test('what had completed or failed is requeued when Redis knows it no more', async () => {
  for (const id of ['done', 'broken']) await upload(id);
  await end('done', 'completed');
  await end('broken', 'failed');
  await redis.client.flushall();
  await recovery.sweep('present', signal);
  await recovery.sweep('present', signal);
  expect((await waiting()).sort()).toEqual(['broken', 'done']);
  expect(await job('done')).toMatchObject({ status: 'queued', filename: 'done.txt', run: 1 });
  expect(await beside()).toEqual(['broken.json', 'done.json']);
  expect(await readdir(join(folder, '.ends'))).toEqual([]);
});

test('what was cancelled is cancelled again, and no worker ever sees it', async () => {
  for (const id of ['forgotten', 'queued']) await upload(id);
  for (const id of ['forgotten', 'queued']) await end(id, 'cancelled');
  await redis.client.del(keys.job('forgotten'));
  await redis.client.lrem(keys.queue, 0, 'forgotten');
  await recovery.sweep('present', signal);
  expect(await job('forgotten')).toMatchObject({
    status: 'failed',
    error: 'The job was cancelled.',
    error_code: 'cancelled',
    filename: 'forgotten.txt',
    version: 1,
  });
  expect(await job('queued')).toMatchObject({ status: 'failed', error_code: 'cancelled' });
  expect(await waiting()).toEqual([]);
  expect(await redis.client.ttl(keys.job('forgotten'))).toBeGreaterThan(400);
});

test('what Redis still knows to have ended stays as it is, and is compared once an epoch', async () => {
  await upload('a');
  await queue.cancel('a');
  await end('a', 'cancelled');
  await recovery.sweep('present', signal);
  const reads = vi.spyOn(store, 'readAll');
  await recovery.sweep('present', signal);
  expect(reads).not.toHaveBeenCalled();
  reads.mockRestore();
});

test('a job that is back at the end of an earlier run is rerun', async () => {
  await upload('a');
  await queue.cancel('a');
  await end('a', 'completed');
  await recovery.sweep('present', signal);
  expect(await job('a')).toMatchObject({ status: 'queued', run: 2 });
  expect(await beside()).toEqual(['a.json']);
});

test('an expired failed job is not rerun; a document of any age is restored', async () => {
  for (const id of ['failed', 'document']) await upload(id);
  await end('failed', 'failed');
  await end('document', 'completed');
  for (const name of await beside()) await age(name);
  await redis.client.flushall();
  await recovery.sweep('present', signal);
  expect(await waiting()).toEqual(['document']);
  expect(await services.tombstones.due(10)).toMatchObject([{ jobId: 'failed', fileKey: 'default/failed' }]);
});

test('a document that Redis knows is left as it is, also when its job has expired', async () => {
  for (const id of ['a', 'b']) {
    await upload(id);
    await end(id, 'completed');
  }
  await redis.client.flushall();
  const known = (id: string) =>
    redis.client.hset(keys.document(id), { id, generation: '1-x', file_key: `default/${id}` });
  await known('a');
  await known('b');
  await recovery.sweep('present', signal);
  expect(await waiting()).toEqual([]);
  expect(await blobs.ended.ids()).toEqual(new Set(['a', 'b']));
});

test('an older version moved manifests away: they are brought back beside their originals', async () => {
  for (const id of ['done', 'cancelled']) await upload(id);
  const older = join(folder, '.ended', 'lost');
  await mkdir(older, { recursive: true });
  await rename(join(folder, 'default', 'done.json'), join(older, 'done.completed.json'));
  await rename(join(folder, 'default', 'cancelled.json'), join(older, 'cancelled.cancelled.json'));
  await redis.client.flushall();
  await recovery.sweep('present', signal);
  expect(await beside()).toEqual(['cancelled.json', 'done.json']);
  expect(await job('done')).toMatchObject({ status: 'queued', filename: 'done.txt' });
  expect(await waiting()).toEqual(['done']);
  expect(await readdir(folder)).not.toContain('.ended');
});

test('a cancelled job stays cancelled after Redis was emptied; one that is rerun is no longer held to be', async () => {
  for (const id of ['stays', 'again']) {
    await upload(id);
    await cancelUpload('default', id, services);
    expect(await blobs.ended.has(id)).toBe(true);
  }
  // By what stays beside the blob a sweep finds whatever its worker may still have written.
  expect(await beside()).toEqual(['again.json', 'stays.json']);
  await rerunUpload('default', 'again', { ...services, installation: folderProver(folder) });
  expect(await blobs.ended.has('again')).toBe(false);
  await redis.client.flushall();
  await recovery.sweep('present', signal);
  expect(await job('stays')).toMatchObject({ status: 'failed', error_code: 'cancelled' });
  // Its manifest lies where the sweep of all uploads finds it.
  expect(await job('again')).toBeNull();
});

test('a retry that was answered is made again where Redis forgot it, unless the job was cancelled since', async () => {
  await upload('a');
  const [claimed] = (await queue.claim(1)).jobs;
  await queue.fail(claimed!, { message: 'Parsing failed', error: 'x', errorCode: 'corrupt' });
  await end('a', 'failed');
  const rollBack = await copyRedis();
  await rerunUpload('default', 'a', { ...services, installation: folderProver(folder) });
  await rollBack();
  await sweepManifests();
  await sweepManifests();
  expect(await job('a')).toMatchObject({ status: 'queued', run: 2 });
  expect(await waiting()).toEqual(['a']);
  await cancelUpload('default', 'a', services);
  await rollBack();
  await sweepManifests();
  expect(await job('a')).toMatchObject({ status: 'failed', run: 1 });
});

test("an upload that is requeued has its client's key again, unless that is another's by now", async () => {
  for (const id of ['a', 'b']) {
    const blob = blobs.create('default', id);
    await new Promise<void>((resolve) => blob.stream.end('hello', () => resolve()));
    const idempotency = { key: `key of ${id}`, fingerprint: 'x' };
    await blob.describe({ job_id: id, tenant: 'default', payload: payloadOf(id), idempotency });
    await blob.commit();
  }
  await queue.enqueue('c', 'default', payloadOf('c'), { key: 'key of b', fingerprint: 'x' });
  await sweepManifests();
  expect((await waiting()).sort()).toEqual(['a', 'b', 'c']);
  const again = (key: string) => queue.enqueue('new', 'default', payloadOf('new'), { key, fingerprint: 'x' });
  expect(await again('key of a')).toMatchObject({ id: 'a' });
  expect(await again('key of b')).toMatchObject({ id: 'c' });
  await end('a', 'completed');
  await redis.client.flushall();
  await recovery.sweep('present', signal);
  expect(await again('key of a')).toMatchObject({ id: 'a' });
});

test('no key leads to the manifests of jobs that have ended', async () => {
  await upload('a');
  await end('a', 'completed');
  for (const key of ['.ends/lost/a.completed', '.ended/x', 'trash/2026-01-01/default/a'])
    await expect(blobs.read(key, {})).rejects.toThrow('leads out');
  for await (const { key } of blobs.stored()) expect(key).toBe('default/a');
  for await (const manifests of blobs.awaited(10, 0)) expect(manifests).toEqual([]);
});

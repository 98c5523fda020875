import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Counter, Registry } from '@prometheus-io/client';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';

import { DocumentRegistry } from '../../../src/documents/registry.ts';
import { EpochTracker } from '../../../src/jobs/reads/epoch-tracker.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { DocumentEdits } from '../../../src/jobs/transitions/document-edits.ts';
import { DocumentDeletion } from '../../../src/jobs/transitions/document-deletion.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { Tombstones } from '../../../src/jobs/transitions/tombstones.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { BlobStore } from '../../../src/blobs/blob-store.ts';
import type { Manifest } from '../../../src/blobs/manifest.ts';
import { ManifestRestoration } from '../../../src/worker/recovery/manifest-restoration.ts';
import { OrphanSweep } from '../../../src/worker/recovery/orphan-sweep.ts';
import { TombstoneSweep } from '../../../src/worker/recovery/tombstone-sweep.ts';
import { UploadRecovery } from '../../../src/worker/recovery/upload-recovery.ts';
import { keepTarget } from '../../../src/worker/run/keep-target.ts';
import { noteReplaced } from '../../../src/worker/run/note-replaced.ts';
import type { TestRedis } from '../servers/redis.ts';
import { quietLogger } from '../servers/roles.ts';
import { useRedis } from '../servers/use.ts';
import { completeBy } from './lines.ts';
import { folderProver } from './store-prover.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;

export const TTL_SECONDS = 500;

export const keys = createKeys();

export const signal = new AbortController().signal;

export let logger = quietLogger();

export let redis: TestRedis;

export let queue: JobQueue;

export let folder: string;

export let blobs: BlobStore;

/** Registers a Redis for a file, and an empty blob store for each test. */
export function useDeletion(): void {
  redis = useRedis();
  beforeAll(() => {
    const options = { leaseMs: 30_000, maxRetries: 3, maxStalls: 0, ttlSeconds: TTL_SECONDS };
    queue = new JobQueue(redis.client, keys, options);
  });
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
}

export const payloadOf = (id: string, file = id): JobPayload => ({
  filename: 'a.txt',
  collection: 'papers',
  chunking_strategy: 'sentence',
  chunk_size: 512,
  chunk_overlap: 50,
  file_key: `default/${file}`,
  metadata: {},
});

export function services() {
  const { client } = redis;
  const store = new JobStore(client, keys);
  const registry = new DocumentRegistry(client, keys);
  const tombstones = new Tombstones(client, keys);
  const epochs = new EpochTracker(client, keys);
  const shared = { blobs, queue, store, registry, tombstones, epochs, logger };
  const manifests = new ManifestRestoration(shared, TTL_SECONDS * 1000);
  const deletion = new DocumentDeletion(client, keys, TTL_SECONDS);
  const edits = new DocumentEdits(client, keys, 0);
  const trashed = new Counter({ name: 'trashed', help: 'x', registers: [new Registry()] });
  return { ...shared, manifests, deletion, edits, trashed, installation: folderProver(folder) };
}

/** Stores an upload like an acknowledged one, and queues its job. */
export async function upload(id: string, more: Partial<Manifest> = {}): Promise<void> {
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
export async function store(id: string): Promise<void> {
  await mkdir(join(folder, 'default'), { recursive: true });
  await writeFile(join(folder, 'default', id), 'hello');
}

export async function claim(id: string): Promise<ClaimedJob> {
  const { jobs } = await queue.claim(1);
  expect(jobs[0]?.id).toBe(id);
  return jobs[0] as ClaimedJob;
}

export const fail = async (id: string) =>
  queue.fail(await claim(id), { message: 'x', error: 'x', errorCode: 'corrupt' });

export async function complete(id: string, documentId = id, file = id): Promise<void> {
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
export async function aWeekLater(): Promise<void> {
  await noteEnds();
  for (const tombstone of await redis.client.zrange(keys.tombstones, '0', '-1'))
    await redis.client.zadd(keys.tombstones, 1, tombstone);
  for (const id of await redis.client.zrange(keys.recent, '0', '-1')) {
    if ((await redis.client.ttl(keys.job(id))) > 0) await redis.client.del(keys.job(id));
  }
  await age();
}

export async function age(days = 8): Promise<void> {
  const then = new Date(Date.now() - days * DAY_MS);
  for (const name of await readdir(folder, { recursive: true })) await utimes(join(folder, name), then, then);
}

export async function noteEnds(): Promise<void> {
  await age(1);
  await new UploadRecovery(services()).sweep(signal);
}

export async function sweep(): Promise<void> {
  await new TombstoneSweep(services()).sweep(signal);
  await new OrphanSweep(services(), 7, TTL_SECONDS * 1000).sweep(signal);
}

export async function files(under = 'default'): Promise<string[]> {
  const names: string[] = await readdir(join(folder, under)).catch(() => []);
  return names.sort();
}

/** Uploads a file. @param content_hash stands for its bytes */
export const uploadVersion = (
  id: string,
  content_hash: string,
  on_duplicate: 'skip' | 'replace' | 'keep' = 'skip',
) => upload(id, { payload: { ...payloadOf(id), content_hash, on_duplicate } });

/** Completes a claimed job like a worker. @param epoch of the notes that it writes; none without one */
export async function finish(claimed: ClaimedJob, epoch?: string): Promise<void> {
  if (!claimed.work.ok) throw new Error(claimed.work.detail);
  const { payload, documentId } = claimed.work;
  const { file_key: key } = payload;
  const former = (await redis.client.hget(keys.document(documentId), 'file_key')) ?? undefined;
  await keepTarget(payload, former, blobs);
  await completeBy(queue, claimed);
  if (epoch && former !== undefined) await noteReplaced(former, key, documentId, epoch, blobs);
  if (epoch) await blobs.ended.note(payload.file_key, claimed.id, 'completed', epoch);
}

/** Runs all jobs that wait, one after the other, like one worker. @returns their ids */
export async function work(epoch?: string): Promise<string[]> {
  const ran: string[] = [];
  for (;;) {
    const [claimed] = (await queue.claim(1)).jobs;
    if (!claimed) return ran;
    await finish(claimed, epoch);
    ran.push(claimed.id);
  }
}

/** Copies all data of Redis. @returns a function that puts Redis back to the copy */
export async function copyRedis(): Promise<() => Promise<void>> {
  const names = await redis.client.keys('*');
  const copies = await Promise.all(names.map((name) => redis.client.dumpBuffer(name)));
  return async () => {
    await redis.client.flushall();
    await Promise.all(names.map((name, i) => redis.client.restore(name, 0, copies[i] as Buffer)));
  };
}

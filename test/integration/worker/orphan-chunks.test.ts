import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';

import { ChunkCounts } from '../../../src/documents/chunk-counts.ts';
import { ChunkStores } from '../../../src/documents/chunk-stores.ts';
import { DocumentRegistry } from '../../../src/documents/registry.ts';
import { VectorStore } from '../../../src/documents/vector-store.ts';
import { DocumentDeletion } from '../../../src/jobs/transitions/document-deletion.ts';
import { CleanupLog } from '../../../src/jobs/transitions/cleanup-log.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { IncompleteDocuments } from '../../../src/jobs/transitions/incomplete-documents.ts';
import { EpochTracker } from '../../../src/jobs/reads/epoch-tracker.ts';
import { InstallationError } from '../../../src/installation/installation-error.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { BlobStore } from '../../../src/blobs/blob-store.ts';
import { Availability } from '../../../src/worker/claim/availability.ts';
import { UpsertBatcher } from '../../../src/worker/run/upsert-batcher.ts';
import type { ComparisonServices } from '../../../src/worker/comparison/comparison-services.ts';
import { findOrphanChunks } from '../../../src/worker/comparison/find-orphan-chunks.ts';
import { ChunkComparison } from '../../../src/worker/comparison/chunk-comparison.ts';
import type { EndedRecovery } from '../../../src/worker/recovery/ended-recovery.ts';
import { Reconciler } from '../../../src/worker/recovery/reconciler.ts';
import { startChroma } from '../../helpers/servers/chroma.ts';
import { startKeywordIndex } from '../../helpers/servers/keywords.ts';
import { registerByJob } from '../../helpers/stores/counted-documents.ts';
import { confirmed } from '../../helpers/stores/confirmed.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';
import { FOR_EACH, use, useFolder, useRedis } from '../../helpers/servers/use.ts';
import { folderProver } from '../../helpers/stores/store-prover.ts';

const LEASE_MS = 300;
/** For a busy machine. */
const LIMIT_MS = 60_000;
const LOOK_MS = 100;
const keys = createKeys();
const signal = new AbortController().signal;
const logger = quietLogger();
let vectors: VectorStore;
let queue: JobQueue;
let workers: Reconciler[] = [];

const folder = useFolder();
const redis = useRedis();
const chroma = use(startChroma);
const keywords = use(startKeywordIndex, FOR_EACH);

beforeAll(() => {
  vectors = new VectorStore(chroma.url);
  queue = new JobQueue(redis.client, keys, {
    leaseMs: 30_000,
    maxRetries: 3,
    maxStalls: 10,
    ttlSeconds: 500,
  });
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  workers = [];
  await Promise.all([chroma.empty(), redis.client.flushall()]);
  vi.restoreAllMocks();
});

async function store(
  documentId: string,
  generation: string,
  collection = 'papers',
  count = 3,
): Promise<void> {
  const origin = { collection, documentId, generation, filename: 'a', contentHash: undefined, metadata: {} };
  const chunks = Array.from({ length: count }, (_, index) => {
    return { index, text: `${index}`, start: 0, end: 1, embedding: [1, index] };
  });
  await new UpsertBatcher(new ChunkStores(vectors, keywords.index)).upsert(
    origin,
    chunks,
    async () => {},
    signal,
  );
}
/** A worker's part that reconciles; it has nothing to wait for. */
function startWorker(availability = new Availability(), connection = redis.client): Reconciler {
  const comparison = new ChunkComparison(
    {
      redis: connection,
      keys,
      blobs: new BlobStore(join(folder, 'blobs')),
      installation: folderProver(folder),
      vectors,
      keywords: keywords.index,
      registry: new DocumentRegistry(connection, keys),
      counts: new ChunkCounts(connection, keys),
      incomplete: new IncompleteDocuments(connection, keys, 3),
      cleanups: new CleanupLog(connection, keys, 1000),
      logger,
    },
    LOOK_MS,
  );
  const services = {
    redis: connection,
    epochs: new EpochTracker(connection, keys),
    ended: { sweep: async () => {} } as Pick<EndedRecovery, 'sweep'> as EndedRecovery,
    comparison,
    installation: confirmed,
    logger,
  };
  const worker = new Reconciler(services, availability, LEASE_MS, 0);
  workers.push(worker);
  return worker;
}
const reconciled = () =>
  vi.waitFor(async () => {
    const [epoch, last] = await redis.client.mget(keys.epoch, keys.reconciled);
    expect(last).not.toBeNull();
    expect(last).toBe(epoch);
  }, LIMIT_MS);
/** Lists the cleanups that are due now. */
async function dead(): Promise<string[]> {
  const entries = await redis.client.zrangebyscore(keys.cleanup, '-inf', Date.now());
  return entries
    .map((entry) => {
      const [, collection, document, generation] = JSON.parse(entry) as string[];
      return `${collection}/${document}:${generation}`;
    })
    .sort();
}

test('in a new epoch evidence marks generations dead, but not those that are live or being written', async () => {
  await queue.enqueue('running', 'default', { filename: 'a', file_key: 'default/a' } as never);
  const [claimed] = (await queue.claim(1)).jobs;
  await queue.enqueue('failed', 'default', { filename: 'a', file_key: 'default/b' } as never);
  const [fails] = (await queue.claim(1)).jobs;
  await queue.fail(fails!, { message: 'm', error: 'e', errorCode: 'corrupt' });
  await redis.client.del(keys.cleanup);
  // Redis has lost an attempt of a job that found the document of an equal upload when it ran again.
  const result = JSON.stringify({ document_id: 'a' });
  await redis.client.hset(keys.job('copy'), { id: 'copy', status: 'completed', result });
  await store('copy', '1-lost');
  await registerByJob(redis.client, 'deleted', { collection: 'papers' });
  await redis.client.hset(keys.job('deleted'), { id: 'deleted', status: 'completed' });
  await new DocumentDeletion(redis.client, keys, 500).delete('default', 'papers', 'deleted');
  await redis.client.del(keys.cleanup);
  await store('deleted', '1-late');
  await redis.client.hset(keys.document('a'), { id: 'a', generation: '2-live', collection: 'papers' });
  for (const generation of ['1-old', '2-live', '3-lost']) await store('a', generation);
  await store('running', claimed!.token);
  await store('running', '0-lost', 'letters');
  await store('failed', '0-lost');
  startWorker();
  await reconciled();
  expect(await dead()).toEqual([
    'letters/running:0-lost',
    'papers/a:1-old',
    'papers/a:3-lost',
    'papers/copy:1-lost',
    'papers/deleted:1-late',
    'papers/failed:0-lost',
  ]);
});

test('chunks of a document go whose deletion Redis has lost, together with the document', async () => {
  const blobs = new BlobStore(join(folder, 'blobs'));
  await mkdir(join(folder, 'blobs'), { recursive: true });
  for (const [job, made] of Object.entries({ first: {}, second: { document_id: 'replaced' } })) {
    const blob = blobs.create('default', job);
    blob.stream.end('text');
    const payload = { filename: 'a', collection: 'papers', file_key: blob.key, ...made };
    await finished(blob.stream);
    await blob.describe({ job_id: job, tenant: 'default', payload: payload as JobPayload });
    await blob.commit();
  }
  await blobs.ended.note('default/first', 'first', 'deleted', 'before');
  await blobs.ended.note('default/second', 'second', 'deleted', 'before');
  for (const document of ['first', 'replaced', 'unknown']) await store(document, '1-lost');
  startWorker();
  await reconciled();
  expect(await dead()).toEqual(['papers/first:1-lost', 'papers/replaced:1-lost']);
  expect(await redis.client.get(keys.orphans)).toBe('1');
});

test('a worker keeps its turn while it reads the notes of many deletions, and ends with the epoch', async () => {
  const notes = join(folder, 'blobs', '.ends', 'many');
  await mkdir(notes, { recursive: true });
  await Promise.all(Array.from({ length: 500 }, (_, i) => writeFile(join(notes, `${i}.deleted.json`), '')));
  const none = { generations: async function* () {} };
  const blobs = new BlobStore(join(folder, 'blobs'));
  const services = { redis: redis.client, keys, blobs, vectors: none, keywords: none, logger };
  const keep = vi.fn(async () => true);
  const look = () =>
    findOrphanChunks(services as unknown as ComparisonServices, { epoch: 'present', signal, keep });
  keep.mockResolvedValueOnce(true).mockResolvedValueOnce(false);
  await look();
  expect(await redis.client.get(keys.reconciled)).toBeNull();
  await look();
  expect(await redis.client.get(keys.reconciled)).toBe('present');
  expect(keep).toHaveBeenCalledTimes(4);
});

test('chunks of a document that Redis does not know stay, are counted, and are looked at again', async () => {
  await store('nobody', '1-lost');
  await store('gone', '1-lost', 'large');
  // Its job made a document, which is gone for an unknown reason.
  await redis.client.hset(keys.job('gone'), { id: 'gone', status: 'completed' });
  startWorker();
  await reconciled();
  expect(await redis.client.zcard(keys.cleanup)).toBe(0);
  expect(await redis.client.get(keys.orphans)).toBe('2');
  expect(logger.lines.join()).toContain('that Redis does not know; they stay {"generations":2}');
  expect(await redis.client.ttl(keys.reconciled)).toBeGreaterThan(0);
  // An hour later its document has returned, with another generation.
  await redis.client.hset(keys.document('nobody'), { id: 'nobody', generation: '2-x', collection: 'papers' });
  await redis.client.del(keys.reconciled, keys.orphans, keys.looked);
  await reconciled();
  expect(await dead()).toEqual(['papers/nobody:1-lost']);
  expect(await redis.client.get(keys.orphans)).toBe('1');
});

test('a collection is looked through to its end, page by page', async () => {
  for (let i = 0; i < 3; i++) await store('a', `${i}-x`, 'large', 2400);
  const found = new Set<string>();
  for await (const page of vectors.generations(signal)) for (const one of page) found.add(one.generation);
  expect([...found].sort()).toEqual(['0-x', '1-x', '2-x']);
});

test('Chroma is compared once an epoch, by one of all workers', async () => {
  const looked = vi.spyOn(vectors, 'generations');
  for (let i = 0; i < 3; i++) startWorker();
  await reconciled();
  // Another look would begin by then.
  await new Promise((resolve) => setTimeout(resolve, LEASE_MS));
  expect(looked).toHaveBeenCalledTimes(1);
  // Keys written around this moment can make two epochs of it.
  await redis.client.flushall();
  await vi.waitFor(() => expect(looked.mock.calls.length).toBeGreaterThan(1), LIMIT_MS);
  await reconciled();
});

test('a look that fails in the middle leaves it to the next', async () => {
  vi.spyOn(vectors, 'generations').mockImplementationOnce(() => {
    throw new Error('Chroma is away');
  });
  await redis.client.hset(keys.document('a'), { id: 'a', generation: '2-live', collection: 'papers' });
  await store('a', '1-lost');
  startWorker();
  await reconciled();
  expect(await dead()).toEqual(['papers/a:1-lost']);
});

test('nothing is claimed from the moment Redis is lost until it is known which epoch it is', async () => {
  const availability = new Availability();
  const connection = redis.client.duplicate();
  connection.on('error', () => {});
  startWorker(availability, connection);
  expect(availability.impaired).toBe(true);
  await vi.waitFor(() => expect(availability.impaired).toBe(false), LIMIT_MS);
  const before = await redis.client.get(keys.epoch);
  await redis.kill();
  await vi.waitFor(() => expect(availability.impaired).toBe(true), LIMIT_MS);
  await redis.start();
  await vi.waitFor(() => expect(availability.impaired).toBe(false), LIMIT_MS);
  expect(await redis.client.get(keys.epoch)).not.toBe(before);
  connection.disconnect();
});

test.each([
  ['the clock was set back', ['PX', 60 * 60 * 1000]],
  ['another program wrote it, without an end', []],
] as const)('the lock of a lost worker ends within moments when %s', async (_, end) => {
  await redis.client.set(keys.reconciling, 'of a lost worker', ...(end as ['PX', number]));
  startWorker();
  const ends = async () => {
    const left = await redis.client.pttl(keys.reconciling);
    return left > 0 && left <= 15_000;
  };
  await expect.poll(ends).toBe(true);
});

test('nothing is written to a Chroma that is not proved, nor deleted from it', async () => {
  await store('a', 'live');
  const refuse = async () => {
    throw new InstallationError("Chroma is another installation's");
  };
  const strange = new VectorStore(chroma.url, refuse);
  const origin = { documentId: 'a', generation: 'live', filename: 'a', contentHash: undefined, metadata: {} };
  await expect(strange.upsert({ ...origin, collection: 'new' }, [], signal)).rejects.toThrow('another');
  await expect(strange.deleteGeneration({ ...origin, collection: 'papers' }, signal)).rejects.toThrow(
    'another',
  );
  expect((await chroma.client.listCollections()).map(({ name }) => name)).toEqual(['papers']);
  expect(await vectors.countChunks({ ...origin, collection: 'papers' }, signal)).toBe(3);
});

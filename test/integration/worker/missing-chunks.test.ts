import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import { ChunkCounts } from '../../../src/documents/chunk-counts.ts';
import { DocumentRegistry, type StoredDocument } from '../../../src/documents/registry.ts';
import { VectorStore } from '../../../src/documents/vector-store.ts';
import { DependencyError } from '../../../src/errors.ts';
import { CleanupLog } from '../../../src/jobs/transitions/cleanup-log.ts';
import { IncompleteDocuments } from '../../../src/jobs/transitions/incomplete-documents.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { BlobStore } from '../../../src/blobs/blob-store.ts';
import { ChromaComparison } from '../../../src/worker/comparison/chroma-comparison.ts';
import { DocumentRestorer } from '../../../src/worker/comparison/document-restorer.ts';
import { startChroma, type TestChroma } from '../../helpers/servers/chroma.ts';
import { startRedis, type TestRedis } from '../../helpers/servers/redis.ts';
import { recordScripts } from '../../helpers/stores/replay.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';
import { folderProver } from '../../helpers/stores/store-prover.ts';

const HOUR_MS = 60 * 60 * 1000;
const keys = createKeys();
const { signal } = new AbortController();
let redis: TestRedis;
let chroma: TestChroma;
let vectors: VectorStore;
let queue: JobQueue;
let registry: DocumentRegistry;
let folder: string;
let blobs: BlobStore;
let logger: ReturnType<typeof quietLogger>;

beforeAll(async () => {
  [redis, chroma] = await Promise.all([startRedis(), startChroma()]);
  registry = new DocumentRegistry(redis.client, keys);
  queue = new JobQueue(redis.client, keys, {
    leaseMs: 60_000,
    maxRetries: 3,
    maxStalls: 10,
    ttlSeconds: 500,
  });
});
afterAll(() => Promise.all([redis?.close(), chroma?.close()]));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-missing-'));
  blobs = new BlobStore(folder);
  vectors = new VectorStore(chroma.url);
  logger = quietLogger();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all([chroma.empty(), redis.client.flushall(), blobs.close()]);
  await rm(folder, { recursive: true });
});

const servicesOver = (client = redis.client) => ({
  redis: client,
  keys,
  blobs,
  installation: folderProver(folder),
  vectors,
  registry,
  counts: new ChunkCounts(client, keys),
  incomplete: new IncompleteDocuments(client, keys, 3),
  cleanups: new CleanupLog(client, keys, 1000),
  logger,
});

/** Imitates a worker's comparison, with a comparison always due. */
class Comparer {
  readonly #comparison = new ChromaComparison(servicesOver(), 1);

  async look(): Promise<void> {
    await redis.client.del(keys.looked);
    await this.#comparison.compare('epoch', true, async () => true, signal);
  }
}
const look = () => new Comparer().look();

async function store(id: string, generation: string, count: number, collection = 'papers'): Promise<void> {
  const origin = {
    collection,
    documentId: id,
    generation,
    filename: 'a',
    contentHash: undefined,
    metadata: {},
  };
  const chunks = Array.from({ length: count }, (_, index) => {
    return { index, text: `${index}`, start: 0, end: 1, embedding: [1, index] };
  });
  await vectors.upsert(origin, chunks, signal);
}
const PAYLOAD: JobPayload = {
  filename: 'a.txt',
  file_size: 5,
  collection: 'papers',
  chunking_strategy: 'fixed',
  chunk_size: 100,
  chunk_overlap: 10,
  file_key: '',
  content_hash: 'abc',
  metadata: { author: 'x' },
};

/** Stores an original as an upload does. */
async function storeOriginal(id: string): Promise<void> {
  const blob = blobs.create('default', id);
  await new Promise<void>((resolve) => blob.stream.end('hello', () => resolve()));
  const payload = { ...PAYLOAD, file_key: `default/${id}` };
  await blob.describe({ job_id: id, tenant: 'default', payload });
  await blob.commit();
}

/** Registers a document with its original, and stores its chunks. */
async function register(
  id: string,
  count: number,
  { collection = 'papers', stored = count } = {},
): Promise<void> {
  const generation = `1-${id}`;
  await storeOriginal(id);
  if (stored > 0) await store(id, generation, stored, collection);
  await redis.client.hset(keys.document(id), {
    id,
    filename: 'a.txt',
    collection,
    tenant: 'default',
    file_key: `default/${id}`,
    size: 5,
    generation,
    chunk_count: count,
    content_hash: 'abc',
    metadata: '{"author":"x"}',
    chunking_strategy: 'fixed',
    chunk_size: 100,
    chunk_overlap: 10,
  });
  await redis.client.zadd(keys.documents('default'), 1, id);
  await redis.client.zadd(keys.documentsIn('default', collection), 1, id);
}
async function lose(id: string, collection = 'papers', ...indexes: number[]): Promise<void> {
  const found = await chroma.client.getCollection({ name: collection });
  if (indexes.length > 0) await found.delete({ ids: indexes.map((index) => `${id}:1-${id}:${index}`) });
  else await found.delete({ where: { document_id: id } });
}
const read = (id: string): Promise<StoredDocument> => registry.get('default', id);
const queued = () => redis.client.lrange(keys.queue, 0, -1);
const payloadOf = async (job: string) =>
  JSON.parse((await redis.client.hget(keys.job(job), 'payload')) ?? '') as JobPayload;

/** Claims the one waiting job, and ends it. */
async function run(end: 'complete' | 'fail', generation?: string): Promise<void> {
  const [claim] = (await queue.claim(1)).jobs;
  if (end === 'fail') {
    await queue.fail(claim!, { message: 'Parsing failed', error: 'It is damaged.', errorCode: 'corrupt' });
    return;
  }
  const payload = await payloadOf(claim!.id);
  const id = payload.document_id!;
  await store(id, claim!.token, 2, payload.collection);
  await queue.complete(claim!, {
    documentId: id,
    tenant: 'default',
    collection: payload.collection,
    chunkCount: 2,
    replaces: generation ?? payload.replaces_generation,
    fields: { id, collection: payload.collection, file_key: payload.file_key },
  });
}

test('a document without its chunks says so, and is indexed again by its own settings; others are left alone', async () => {
  await register('a', 3);
  await register('b', 4);
  await lose('a', 'papers', 1, 2);
  await look();
  expect(await read('a')).toMatchObject({ missing_chunks: 2, chunk_count: 3 });
  expect((await read('b')).missing_chunks).toBeUndefined();
  const [job, ...more] = await queued();
  expect(more).toEqual([]);
  expect(await payloadOf(job!)).toEqual({
    ...PAYLOAD,
    file_key: 'default/a',
    document_id: 'a',
    replaces_generation: '1-a',
  });
  expect(await redis.client.smembers(keys.active)).toEqual([job]);
  expect((await read('a')).reindex_job).toBe(job);
  expect(logger.lines).toContain('documents miss chunks {"collection":"papers","documents":1,"chunks":2}');
  await run('complete');
  expect(await read('a')).toMatchObject({
    chunk_count: 2,
    missing_chunks: undefined,
    reindex_job: undefined,
  });
  expect(await redis.client.zcard(keys.incomplete)).toBe(0);
  await look();
  expect(await queued()).toEqual([]);
});

test('a collection that is gone is a loss of all its chunks', async () => {
  await register('a', 3);
  await register('b', 4);
  await register('c', 2, { collection: 'letters' });
  await chroma.client.deleteCollection({ name: 'papers' });
  await look();
  expect((await read('a')).missing_chunks).toBe(3);
  expect((await read('b')).missing_chunks).toBe(4);
  expect((await read('c')).missing_chunks).toBeUndefined();
  expect(await queued()).toHaveLength(2);
});

test('a loss is noticed by the next look of a worker that has counted all chunks before', async () => {
  await register('a', 3);
  const worker = new Comparer();
  await worker.look();
  await lose('a', 'papers', 2);
  await worker.look();
  expect((await read('a')).missing_chunks).toBe(1);
});

test('dead generations hide a loss from the sum; a worker that starts finds it, and one that saw Chroma fail', async () => {
  await register('a', 3);
  const worker = new Comparer();
  await worker.look();
  await store('a', '0-dead', 3);
  await lose('a', 'papers', 0);
  await worker.look();
  expect((await read('a')).missing_chunks).toBeUndefined();
  await look();
  expect((await read('a')).missing_chunks).toBe(1);

  await register('b', 3);
  await store('b', '0-dead', 3);
  await lose('b', 'papers', 0, 1);
  const away = new DependencyError('unreachable', 'vector_store_unavailable', 'x');
  vi.spyOn(vectors, 'countCollection').mockRejectedValueOnce(away);
  await worker.look();
  expect((await read('b')).missing_chunks).toBeUndefined();
  await worker.look();
  expect((await read('b')).missing_chunks).toBe(2);
});

test('of several workers that start one counts all chunks, and each again in another epoch', async () => {
  await register('a', 3);
  const counted = vi.spyOn(vectors, 'countStored');
  const [first, second] = [new Comparer(), new Comparer()];
  // A count serves only workers that started before it, to the millisecond.
  await sleep(50);
  await first.look();
  await second.look();
  expect(counted).toHaveBeenCalledTimes(1);
  await redis.client.del(keys.looked);
  await new ChromaComparison(servicesOver(), 1).compare('another', true, async () => true, signal);
  expect(counted).toHaveBeenCalledTimes(2);
});

test('a document that is replaced while it is looked at is not taken for a loss', async () => {
  await register('a', 3);
  await register('b', 3);
  const countStored = vectors.countStored.bind(vectors);
  // Switches and deletes the old generation between the read of the registry and the count.
  vi.spyOn(vectors, 'countStored').mockImplementationOnce(async (...asked) => {
    await store('a', '2-new', 2);
    await redis.client.hset(keys.document('a'), { generation: '2-new', chunk_count: 2 });
    await vectors.deleteGeneration({ collection: 'papers', documentId: 'a', generation: '1-a' }, signal);
    return countStored(...asked);
  });
  await look();
  expect((await read('a')).missing_chunks).toBeUndefined();
  expect(await queued()).toEqual([]);
  expect(logger.lines).toEqual([]);
});

test('a document that is replaced between the count and the note is not taken for a loss either', async () => {
  await register('a', 3);
  await lose('a');
  const countStored = vectors.countStored.bind(vectors);
  vi.spyOn(vectors, 'countStored').mockImplementationOnce(async (...asked) => {
    const counts = await countStored(...asked);
    await redis.client.hset(keys.document('a'), { generation: '2-new', chunk_count: 0 });
    return counts;
  });
  await look();
  expect((await read('a')).missing_chunks).toBeUndefined();
  expect(await queued()).toEqual([]);
  expect(logger.lines).toEqual([]);
});

test('a count that is short once makes no job', async () => {
  await register('a', 3);
  vi.spyOn(vectors, 'countStored').mockResolvedValueOnce([1]);
  await look();
  expect((await read('a')).missing_chunks).toBeUndefined();
  expect(await queued()).toEqual([]);
});

test('while Chroma is away no chunk counts as missing, and the log says it once', async () => {
  await register('a', 3);
  const worker = new Comparer();
  await chroma.server.down();
  for (let looks = 0; looks < 3; looks++) await worker.look();
  expect((await read('a')).missing_chunks).toBeUndefined();
  expect(logger.lines).toHaveLength(1);
  await chroma.server.up();
  await worker.look();
  expect((await read('a')).missing_chunks).toBeUndefined();
});

test('a collection that Chroma cannot read is said once, and keeps no other from being compared', async () => {
  await register('a', 3);
  await register('b', 3, { collection: 'letters' });
  await lose('b', 'letters', 0);
  const countStored = vectors.countStored.bind(vectors);
  vi.spyOn(vectors, 'countStored').mockImplementation(async (collection, ...rest) => {
    if (collection === 'papers') throw new DependencyError('transient', 'vector_store_failed', 'x');
    return countStored(collection, ...rest);
  });
  const worker = new Comparer();
  for (let looks = 0; looks < 2; looks++) await worker.look();
  expect((await read('b')).missing_chunks).toBe(1);
  expect(logger.lines.filter((line) => line.includes('cannot be compared'))).toHaveLength(1);
});

test('two workers at once make one job, and a script that is sent again makes no other', async () => {
  await register('a', 3);
  await lose('a');
  const turn = { epoch: '', signal, keep: async () => true };
  const recorded = recordScripts(redis.client);
  const services = servicesOver(recorded.client);
  await services.incomplete.note({ id: 'a', generation: '1-a' }, 3);
  await Promise.all([1, 2, 3].map(() => new DocumentRestorer(services).restore(turn)));
  expect(recorded.calls('reindex')).toBeGreaterThan(1);
  expect(await queued()).toHaveLength(1);
  await recorded.replay('reindex');
  expect(await queued()).toHaveLength(1);
  expect(await redis.client.get(keys.offset)).toBe('1');
});

test("while a document's own upload runs once more, nothing else indexes it", async () => {
  await register('a', 3);
  await lose('a');
  await queue.enqueue('a', 'default', { ...PAYLOAD, file_key: 'default/a' });
  await look();
  expect((await read('a')).missing_chunks).toBe(3);
  expect(await queued()).toEqual(['a']);
});

test('a worker indexes thousands of lost documents again in batches', async () => {
  const ids = Array.from({ length: 230 }, (_, i) => `d${i}`);
  // The documents never had chunks, which the comparison cannot tell from a loss.
  for (const id of ids) await register(id, 2, { stored: 0 });
  await look();
  expect(await redis.client.zcard(keys.incomplete)).toBe(230);
  expect(await queued()).toHaveLength(200);
  await look();
  expect(await queued()).toHaveLength(200);
  for (let i = 0; i < 20; i++) await run('complete');
  await look();
  expect(await queued()).toHaveLength(200);
});

test('a document that fails waits for an hour, and then for two', async () => {
  await register('a', 3);
  await lose('a');
  const due = async () => Number(await redis.client.zscore(keys.incomplete, 'a')) - Date.now();
  for (const hours of [1, 2, 4]) {
    await look();
    expect(await queued()).toHaveLength(1);
    await run('fail');
    await look();
    expect(await queued()).toEqual([]);
    expect(await read('a')).toMatchObject({ missing_chunks: 3, reindex_job: expect.any(String) as string });
    expect(Math.round((await due()) / HOUR_MS)).toBe(hours);
    await redis.client.zadd(keys.incomplete, Date.now() - 1, 'a');
  }
});

test('no due time beyond the longest wait is believed, and a job that Redis forgot is made again at once', async () => {
  await register('a', 3);
  await lose('a');
  await look();
  const [job] = await queued();
  await redis.client.del(keys.job(job!), keys.queue, keys.active);
  await look();
  expect(await queued()).toHaveLength(1);
  await run('fail');
  await look();
  await redis.client.zadd(keys.incomplete, Date.now() + 30 * HOUR_MS, 'a');
  await look();
  expect(await queued()).toHaveLength(1);
});

test('a document whose original is gone says so, once in the log, and no job is made; when it is back, one is', async () => {
  await register('a', 3);
  await lose('a');
  await rm(join(folder, 'default', 'a'));
  const worker = new Comparer();
  for (let looks = 0; looks < 2; looks++) {
    await worker.look();
    expect(await read('a')).toMatchObject({ missing_chunks: 3, file_gone: true, reindex_job: undefined });
    await redis.client.zadd(keys.incomplete, 0, 'a');
  }
  expect(await queued()).toEqual([]);
  expect(logger.lines.filter((line) => line.includes('originals are gone'))).toHaveLength(1);
  await writeFile(join(folder, 'default', 'a'), 'hello');
  await worker.look();
  expect(await queued()).toHaveLength(1);
  expect((await read('a')).file_gone).toBeUndefined();
});

test('while the store of originals is away no original counts as gone', async () => {
  await register('a', 3);
  await lose('a');
  await rename(folder, `${folder}-away`);
  const worker = new Comparer();
  await expect(worker.look()).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(await read('a')).toMatchObject({ missing_chunks: 3, file_gone: undefined });
  await rename(`${folder}-away`, folder);
  await worker.look();
  expect(await queued()).toHaveLength(1);
});

test('chunks that are back before it is their turn need no job', async () => {
  await register('a', 3);
  await lose('a');
  const services = servicesOver();
  await services.incomplete.note({ id: 'a', generation: '1-a' }, 3);
  await store('a', '1-a', 3);
  await look();
  expect((await read('a')).missing_chunks).toBeUndefined();
  expect(await redis.client.zcard(keys.incomplete)).toBe(0);
  expect(await queued()).toEqual([]);
});

test('a deleted document is not indexed again', async () => {
  await redis.client.zadd(keys.incomplete, 1, 'nobody');
  await look();
  expect(await redis.client.zcard(keys.incomplete)).toBe(0);
});

test('a document that was replaced or deleted meanwhile stays so', async () => {
  await register('replaced', 3);
  await register('deleted', 3);
  await lose('replaced');
  await lose('deleted');
  await look();
  expect(await queued()).toHaveLength(2);
  await redis.client.hset(keys.document('replaced'), { generation: '2-new', chunk_count: 1 });
  await redis.client.del(keys.document('deleted'));
  for (let i = 0; i < 2; i++) await expect(run('complete')).rejects.toThrow('replaced or deleted');
  expect(await read('replaced')).toMatchObject({ generation: '2-new', chunk_count: 1 });
  expect(await redis.client.exists(keys.document('deleted'))).toBe(0);
});

test('an older document has the settings of its manifest, else assumed ones that it marks', async () => {
  const settings = ['chunking_strategy', 'chunk_size', 'chunk_overlap'];
  for (const id of ['manifest', 'none', 'other']) {
    await register(id, 2);
    await redis.client.hdel(keys.document(id), ...settings);
  }
  await rm(join(folder, 'default', 'none.json'));
  // The manifest there belongs to another document.
  await writeFile(
    join(folder, 'default', 'other.json'),
    JSON.stringify({ job_id: 'stranger', tenant: 'default', payload: PAYLOAD }),
  );
  const assumed = { chunking_strategy: 'sentence', chunk_size: 512, chunk_overlap: 50 };
  const kept = { chunking_strategy: 'fixed', chunk_size: 100, chunk_overlap: 10 };
  await look();
  expect(await read('manifest')).toMatchObject({ ...kept, settings_assumed: undefined });
  for (const id of ['none', 'other'])
    expect(await read(id)).toMatchObject({ ...assumed, settings_assumed: true });
  await chroma.client.deleteCollection({ name: 'papers' });
  await look();
  const payloads = await Promise.all((await queued()).map(payloadOf));
  const byId = Object.fromEntries(payloads.map((payload) => [payload.document_id, payload]));
  expect(byId).toMatchObject({ manifest: kept, none: assumed, other: assumed });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, vi } from 'vitest';

import { ChunkCounts } from '../../../src/documents/chunk-counts.ts';
import { ChunkStores } from '../../../src/documents/chunk-stores.ts';
import { DocumentRegistry, type StoredDocument } from '../../../src/documents/registry.ts';
import { VectorStore } from '../../../src/documents/vector-store.ts';
import { CleanupLog } from '../../../src/jobs/transitions/cleanup-log.ts';
import { IncompleteDocuments } from '../../../src/jobs/transitions/incomplete-documents.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { BlobStore } from '../../../src/blobs/blob-store.ts';
import { UpsertBatcher } from '../../../src/worker/run/upsert-batcher.ts';
import { ChunkComparison } from '../../../src/worker/comparison/chunk-comparison.ts';
import { startChroma, type TestChroma } from '../servers/chroma.ts';
import { startKeywordIndex } from '../servers/keywords.ts';
import type { TestRedis } from '../servers/redis.ts';
import { quietLogger } from '../servers/roles.ts';
import { FOR_EACH, use, useRedis } from '../servers/use.ts';
import { folderProver } from './store-prover.ts';

export const keys = createKeys();

export const { signal } = new AbortController();

export let redis: TestRedis;

export let chroma: TestChroma;

export let vectors: VectorStore;

export let keywords: Awaited<ReturnType<typeof startKeywordIndex>>;

export let queue: JobQueue;

export let registry: DocumentRegistry;

export let folder: string;

let blobs: BlobStore;

export let logger: ReturnType<typeof quietLogger>;

/** Registers a Redis and a Chroma for a file, and an empty blob store for each test. */
export function useLostChunks(): void {
  redis = useRedis();
  chroma = use(startChroma);
  keywords = use(startKeywordIndex, FOR_EACH);
  beforeAll(() => {
    registry = new DocumentRegistry(redis.client, keys);
    queue = new JobQueue(redis.client, keys, {
      leaseMs: 60_000,
      maxRetries: 3,
      maxStalls: 10,
      ttlSeconds: 500,
    });
  });
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
}

export const servicesOver = (client = redis.client) => ({
  redis: client,
  keys,
  blobs,
  installation: folderProver(folder),
  vectors,
  keywords: keywords.index,
  registry,
  counts: new ChunkCounts(client, keys),
  incomplete: new IncompleteDocuments(client, keys, 3),
  cleanups: new CleanupLog(client, keys, 1000),
  logger,
});

/** Imitates a worker's comparison, with a comparison always due. */
export class Comparer {
  readonly #comparison = new ChunkComparison(servicesOver(), 1);

  async look(): Promise<void> {
    await redis.client.del(keys.looked);
    await this.#comparison.compare('epoch', true, async () => true, signal);
  }
}

export const look = () => new Comparer().look();

export const stores = () => new ChunkStores(vectors, keywords.index);

export async function store(
  id: string,
  generation: string,
  count: number,
  collection = 'papers',
): Promise<void> {
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
  await new UpsertBatcher(stores()).upsert(origin, chunks, async () => {}, signal);
}

export const PAYLOAD: JobPayload = {
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
export async function register(
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

export async function lose(id: string, collection = 'papers', ...indexes: number[]): Promise<void> {
  const found = await chroma.client.getCollection({ name: collection });
  if (indexes.length > 0) await found.delete({ ids: indexes.map((index) => `${id}:1-${id}:${index}`) });
  else await found.delete({ where: { document_id: id } });
}

export const read = (id: string): Promise<StoredDocument> => registry.get('default', id);

export const queued = () => redis.client.lrange(keys.queue, 0, -1);

export const payloadOf = async (job: string) =>
  JSON.parse((await redis.client.hget(keys.job(job), 'payload')) ?? '') as JobPayload;

/** Claims the one waiting job, and ends it. */
export async function run(end: 'complete' | 'fail', generation?: string): Promise<void> {
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

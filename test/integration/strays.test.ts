import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChromaClient } from 'chromadb';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { VectorStore } from '../../src/documents/vector-store.ts';
import { CleanupLog } from '../../src/jobs/cleanup-log.ts';
import { JobHistory } from '../../src/jobs/job-history.ts';
import { InstallationError } from '../../src/installation/installation-error.ts';
import { JobQueue } from '../../src/jobs/job-queue.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { Availability } from '../../src/worker/availability.ts';
import type { EndedRecovery } from '../../src/worker/ended-recovery.ts';
import { Reconciler } from '../../src/worker/reconciler.ts';
import { answersHttp, ManagedProcess } from '../helpers/managed-process.ts';
import { freePort, startRedis, type TestRedis } from '../helpers/redis.ts';
import { confirmed } from '../helpers/confirmed.ts';
import { quietLogger } from '../helpers/roles.ts';

const CHROMA = fileURLToPath(new URL('cli.mjs', import.meta.resolve('chromadb')));
const DAY_MS = 24 * 60 * 60 * 1000;
const LEASE_MS = 300;
const keys = createKeys();
const signal = new AbortController().signal;
const logger = quietLogger();
let folder: string;
let redis: TestRedis;
let chroma: ManagedProcess;
let chromaUrl: string;
let client: ChromaClient;
let vectors: VectorStore;
let queue: JobQueue;
let workers: Reconciler[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-strays-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  chroma = new ManagedProcess({
    name: 'chroma',
    command: process.execPath,
    args: [CHROMA, 'run', '--path', join(folder, 'chroma'), '--host', '127.0.0.1', '--port', `${port}`],
    logFile: join(folder, 'chroma.log'),
    answers: () => answersHttp(`${url}/api/v2/heartbeat`),
  });
  [redis] = await Promise.all([startRedis(), chroma.up()]);
  client = new ChromaClient({ host: '127.0.0.1', port });
  chromaUrl = url;
  vectors = new VectorStore(url);
  queue = new JobQueue(redis.client, keys, {
    leaseMs: 30_000,
    maxRetries: 3,
    maxStalls: 10,
    ttlSeconds: 500,
  });
});
afterAll(async () => {
  await Promise.all([redis?.close(), chroma?.down()]);
  await rm(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  workers = [];
  for (const { name } of await client.listCollections()) await client.deleteCollection({ name });
  await redis.client.flushall();
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
  await vectors.upsert(origin, chunks, signal);
}
/** A worker's part that reconciles; it has nothing to wait for. */
function startWorker(availability = new Availability(), connection = redis.client): Reconciler {
  const services = {
    redis: connection,
    keys,
    history: new JobHistory(connection, keys),
    ended: { sweep: async () => {} } as Pick<EndedRecovery, 'sweep'> as EndedRecovery,
    cleanups: new CleanupLog(connection, keys, 1000),
    vectors,
    installation: confirmed,
    logger,
  };
  const worker = new Reconciler(services, availability, LEASE_MS, 0);
  workers.push(worker);
  return worker;
}
const reconciled = () =>
  vi.waitFor(async () => {
    const [history, last] = await redis.client.mget(keys.history, keys.reconciled);
    expect(last).not.toBeNull();
    expect(last).toBe(history);
  }, 5000);
/** What is to be deleted from Chroma, and when. */
async function buried(): Promise<Map<string, number>> {
  const entries = await redis.client.zrange(keys.cleanup, '0', '-1', 'WITHSCORES');
  const found = new Map<string, number>();
  for (let i = 0; i < entries.length; i += 2) {
    const [, collection, document, generation] = JSON.parse(entries[i] as string) as string[];
    found.set(`${collection}/${document}:${generation}`, Number(entries[i + 1]));
  }
  return found;
}

test('in a new history all generations but the live ones and those being written are buried', async () => {
  await queue.enqueue('running', 'default', { filename: 'a', file_key: 'default/a' } as never);
  const [claimed] = (await queue.claim(1)).jobs;
  await redis.client.hset(keys.document('a'), { id: 'a', generation: '2-live', collection: 'papers' });
  for (const generation of ['1-old', '2-live', '3-lost']) await store('a', generation);
  await store('running', claimed!.token);
  await store('running', '0-lost', 'letters');
  await store('nobody', '1-lost');
  startWorker();
  await reconciled();
  const found = await buried();
  expect([...found.keys()].sort()).toEqual([
    'letters/running:0-lost',
    'papers/a:1-old',
    'papers/a:3-lost',
    'papers/nobody:1-lost',
  ]);
  // Should Redis have come up empty by mistake, there is a day to notice.
  expect(found.get('papers/nobody:1-lost')).toBeGreaterThan(Date.now() + DAY_MS / 2);
  expect(found.get('papers/a:1-old')).toBeLessThanOrEqual(Date.now());
});

test('a collection is looked through to its end, page by page', async () => {
  for (let i = 0; i < 3; i++) await store('a', `${i}-x`, 'large', 2400);
  const found = new Set<string>();
  for await (const page of vectors.generations(signal)) for (const one of page) found.add(one.generation);
  expect([...found].sort()).toEqual(['0-x', '1-x', '2-x']);
});

test('Chroma is compared once a history, by one of all workers', async () => {
  const looked = vi.spyOn(vectors, 'generations');
  for (let i = 0; i < 3; i++) startWorker();
  await reconciled();
  await new Promise((resolve) => setTimeout(resolve, LEASE_MS));
  expect(looked).toHaveBeenCalledTimes(1);
  await redis.client.flushall();
  await vi.waitFor(() => expect(looked).toHaveBeenCalledTimes(2), 5000);
  await reconciled();
});

test('a worker that fails in the middle leaves it to the next', async () => {
  vi.spyOn(vectors, 'generations').mockImplementationOnce(() => {
    throw new Error('Chroma is away');
  });
  await store('nobody', '1-lost');
  startWorker();
  await reconciled();
  expect([...(await buried()).keys()]).toEqual(['papers/nobody:1-lost']);
});

test('nothing is claimed from the moment Redis is lost until it is known which history it is', async () => {
  const availability = new Availability();
  const connection = redis.client.duplicate();
  connection.on('error', () => {});
  startWorker(availability, connection);
  expect(availability.impaired).toBe(true);
  await vi.waitFor(() => expect(availability.impaired).toBe(false));
  const before = await redis.client.get(keys.history);
  await redis.kill();
  await vi.waitFor(() => expect(availability.impaired).toBe(true));
  await redis.start();
  await vi.waitFor(() => expect(availability.impaired).toBe(false), 5000);
  expect(await redis.client.get(keys.history)).not.toBe(before);
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
  const strange = new VectorStore(chromaUrl, refuse);
  const origin = { documentId: 'a', generation: 'live', filename: 'a', contentHash: undefined, metadata: {} };
  await expect(strange.upsert({ ...origin, collection: 'new' }, [], signal)).rejects.toThrow('another');
  await expect(strange.deleteGeneration({ ...origin, collection: 'papers' }, signal)).rejects.toThrow(
    'another',
  );
  expect((await client.listCollections()).map(({ name }) => name)).toEqual(['papers']);
  expect(await vectors.countChunks({ ...origin, collection: 'papers' }, signal)).toBe(3);
});

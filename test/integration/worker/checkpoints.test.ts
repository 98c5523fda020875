import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { isTerminal, type Job } from '../../../src/contract/job.ts';
import type { UploadAccepted } from '../../../src/contract/upload.ts';
import { INSTALLATION_FILE } from '../../../src/installation/blob-identity.ts';
import { publishedJobs } from '../../helpers/responses/published-jobs.ts';
import { startChroma } from '../../helpers/servers/chroma.ts';
import { embeddingsOf } from '../../helpers/servers/embeddings-server.ts';
import { startHttpGate } from '../../helpers/faults/http-gate.ts';
import { startTestRoles, type TestRoles } from '../../helpers/servers/roles.ts';
import { FOR_EACH, use, useEmbeddings, useFolder, useRedis, useRoles } from '../../helpers/servers/use.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');
/** Each becomes a chunk: batches of 234, 234 and 232. */
const SENTENCES = 700;
const BATCH = 234;

let documents = 0;
let stops: (() => Promise<unknown>)[] = [];

const folder = useFolder();
const redis = useRedis();
const chroma = use(startChroma);
const embedder = useEmbeddings();
const keywords = useRoles(['keywords'], {});
const behind = useRoles(['processor'], () => ({ EMBEDDINGS_URL: embedder.url, PROCESSOR_CHILDREN: '1' }));

beforeEach(async () => {
  await redis.client.flushall();
  // What has ended would be done again for a Redis that has forgotten it.
  // The folder keeps its id: an api would wait for the mount of a store that only Chroma knows.
  for (const name of await readdir(join(folder, 'blobs')).catch(() => []))
    if (name !== INSTALLATION_FILE) await rm(join(folder, 'blobs', name), { recursive: true });
});
/** In front of the processor and of Chroma. */
const processor = use(() => startHttpGate(behind.url), FOR_EACH);
const store = use(() => startHttpGate(chroma.url), FOR_EACH);
const env = () => ({
  REDIS_URL: redis.url,
  CHROMA_URL: store.url,
  PROCESSOR_URL: processor.url,
  KEYWORDS_URL: keywords.url,
  BLOB_STORE: join(folder, 'blobs'),
  LEASE_MS: '1500',
  DRAIN_MS: '0',
});
const api = useRoles(['api'], env, FOR_EACH);
afterEach(async () => {
  embedder.delayMs = 0;
  await Promise.all(stops.map((stop) => stop()));
  stops = [];
});

/** A worker in this process; its `close` gives its jobs back. */
async function startWorker(): Promise<TestRoles> {
  const worker = await startTestRoles(['worker'], env());
  stops.push(() => worker.close());
  return worker;
}

/** A worker in a process of its own. @returns kills it with a signal */
function spawnWorker(): (signal?: NodeJS.Signals) => Promise<unknown> {
  const own = { ...process.env, ...env(), PORT: '0', DATA_DIR: folder };
  const child = spawn(process.execPath, [MAIN, 'worker'], { env: own, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    child.kill(signal);
    if (signal === 'SIGKILL') await ended;
  };
  stops.push(kill);
  return kill;
}

/** Uploads a document of so many chunks. Every sentence of all tests is another. */
async function upload(sentences = SENTENCES) {
  const name = `d${++documents}`;
  const sentence = (_: unknown, i: number) => `Sentence ${i} of ${name} tells of pears and plums.`;
  const text = Array.from({ length: sentences }, sentence);
  const collection = name.padStart(8, 'x');
  const body = new FormData();
  body.append('file', new File([text.join('\n\n')], `${name}.txt`));
  body.append('collection', collection);
  body.append('chunk_size', '64');
  body.append('chunk_overlap', '0');
  const response = await fetch(`${api.url}/api/documents/upload`, { method: 'POST', body });
  return { id: ((await response.json()) as UploadAccepted).job_id, collection };
}

const job = async (id: string) => (await (await fetch(`${api.url}/api/jobs/${id}`)).json()) as Job;
async function ended(id: string): Promise<Job> {
  await expect.poll(async () => isTerminal((await job(id)).status)).toBe(true);
  return job(id);
}

const checkpoint = (id: string, name = '') => join(folder, 'blobs', 'default', `${id}.checkpoint`, name);
const kept = (id: string): Promise<string[]> => readdir(checkpoint(id)).catch(() => []);
/** Waits until the first batch is kept, and others are not. */
async function firstBatchKept(id: string): Promise<void> {
  await expect
    .poll(async () => (await kept(id)).includes('vectors-0'), { timeout: 60_000, interval: 10 })
    .toBe(true);
}

/** How often each text was sent to be embedded, by its chunk's index. */
function embeddings(): Map<number, number> {
  const counts = new Map<number, number>();
  for (const body of processor.calls('/embed')) {
    for (const text of (JSON.parse(body) as { texts: string[] }).texts) {
      const index = Number(/Sentence (\d+)/.exec(text)?.[1]);
      counts.set(index, (counts.get(index) ?? 0) + 1);
    }
  }
  return counts;
}
const embeddedTwice = () => [...embeddings()].filter(([, count]) => count > 1).map(([index]) => index);
const ofBatch = (batch: number) => Array.from({ length: BATCH }, (_, i) => batch * BATCH + i);

async function expectWhole(id: string, collection: string, chunks = SENTENCES): Promise<Job> {
  const state = await ended(id);
  expect(state).toMatchObject({
    status: 'completed',
    progress: 100,
    counts: { chunks_done: chunks, chunks_total: chunks },
    result: { chunk_count: chunks },
  });
  const found = await chroma.client.getCollection({ name: collection });
  // What former tries wrote goes by and by.
  await expect.poll(() => found.count()).toBe(chunks);
  const { ids, documents, embeddings } = await found.get({ include: ['documents', 'embeddings'] });
  const [, generation] = (ids[0] as string).split(':');
  expect(ids.toSorted()).toEqual(
    Array.from({ length: chunks }, (_, i) => `${id}:${generation}:${i}`).toSorted(),
  );
  // Each vector is the one of its own text: what the embedder answers for it now.
  const expected = await embeddingsOf(embedder.url, documents);
  for (const [index, embedding] of expected.entries()) {
    expect(Math.hypot(...embedding.map((x, i) => x - (embeddings[index]?.[i] ?? 0)))).toBeLessThan(1e-5);
  }
  expect(await kept(id)).toEqual([]);
  return state;
}

test('a worker killed while it embeds: the next parses nothing, and embeds only what was under way', async () => {
  // The first batch is 8 calls of 24; of the others too few are answered for another.
  const held = () => processor.calls('/embed').length > 12;
  processor.delayMs = (path) => (path.endsWith('/embed') && held() ? 30_000 : 0);
  const kill = spawnWorker();
  const { id, collection } = await upload();
  await firstBatchKept(id);
  await kill();
  const before = await kept(id);
  expect(before).not.toContain('vectors-2');
  const askedBefore = new Set(embeddings().keys());
  processor.delayMs = () => 0;
  await startWorker();
  expect(await expectWhole(id, collection)).toMatchObject({ stalls: 1, attempt: 2 });
  expect(processor.calls('/parse')).toHaveLength(1);
  // The parse has cut the text.
  expect(processor.calls('/chunk')).toEqual([]);
  const twice = new Set(embeddedTwice());
  for (const batch of before.filter((name) => name.startsWith('vectors-'))) {
    expect(ofBatch(Number(batch.at(-1))).filter((index) => twice.has(index))).toEqual([]);
  }
  expect([...twice].filter((index) => !askedBefore.has(index))).toEqual([]);
  expect(Math.max(...embeddings().values())).toBeLessThanOrEqual(2);
});

test('a small document has no checkpoint, and the next worker makes its chunks again', async () => {
  processor.delayMs = (path) => (path.endsWith('/embed') ? 30_000 : 0);
  const kill = spawnWorker();
  const { id, collection } = await upload(3);
  await expect.poll(() => processor.calls('/embed').length, { timeout: 60_000 }).toBe(1);
  expect(await kept(id)).toEqual([]);
  await kill();
  processor.delayMs = () => 0;
  await startWorker();
  await expectWhole(id, collection, 3);
  expect(processor.calls('/parse')).toHaveLength(2);
});

test('a worker that was stopped past its lease, its chunks deleted, and finds that it holds its job: all are stored', async () => {
  // The first batch is 8 calls of 24; those that follow come when all else is done.
  const held = () => processor.calls('/embed').length > 12;
  processor.delayMs = (path) => (path.endsWith('/embed') && held() ? 2000 : 0);
  const kill = spawnWorker();
  const { id, collection } = await upload();
  await firstBatchKept(id);
  const stored = await vi.waitUntil(async () => {
    const found = await chroma.client.getCollection({ name: collection }).catch(() => undefined);
    return found && (await found.count()) > 0 ? found : undefined;
  }, 60_000);
  await kill('SIGSTOP');
  // What a sweep does, before Redis goes back to where nothing of it was known.
  await stored.delete({ where: { document_id: id } });
  // Past its lease.
  await sleep(2000);
  processor.delayMs = () => 0;
  await kill('SIGCONT');
  expect(await expectWhole(id, collection)).not.toHaveProperty('retry_count');
});

test('a job given back by a draining worker goes on where it stopped, through the same marks', async () => {
  embedder.delayMs = 100;
  const first = await startWorker();
  const { id, collection } = await upload();
  await firstBatchKept(id);
  await first.close();
  expect(await job(id)).toMatchObject({ status: 'queued' });
  const marks: string[] = [];
  const listener = redis.client.duplicate();
  await listener.psubscribe('job:*:events');
  listener.on('pmessage', (_pattern, _channel, text: string) => {
    for (const { hash } of publishedJobs(text)) {
      const mark = `${hash['progress']} ${hash['message']}`;
      if (/^\d+ /.test(mark) && marks.at(-1) !== mark) marks.push(mark);
    }
  });
  await startWorker();
  await expectWhole(id, collection);
  listener.disconnect();
  expect(marks.filter((mark) => !/^(6[1-9]|7\d) /.test(mark))).toEqual([
    '10 Parsing document...',
    '30 Document parsed',
    '30 Chunking text...',
    `60 Created ${SENTENCES} chunks`,
    '60 Generating embeddings...',
    '80 Embeddings generated',
    '80 Storing in vector DB...',
    expect.stringMatching(/^100 /) as string,
  ]);
  expect(processor.calls('/parse')).toHaveLength(1);
  expect(embeddedTwice().filter((index) => index < BATCH)).toEqual([]);
});

test('a store stage that fails is tried again without embedding, even while the processor is away', async () => {
  let failures = 0;
  store.refuse = (path) => {
    if (!path.endsWith('/upsert') || failures >= 2) return undefined;
    failures++;
    processor.refuse = () => ({ status: 503, body: { code: 'internal', detail: 'away' } });
    return { status: 500, body: { error: 'InternalError', message: 'as told' } };
  };
  await startWorker();
  const { id, collection } = await upload(40);
  expect(await expectWhole(id, collection, 40)).toMatchObject({ retry_count: 2 });
  expect(processor.calls('/embed').length).toBe(2);
  expect(processor.calls('/parse')).toHaveLength(1);
});

test.each(['model', 'dimensions'] as const)(
  'another %s than before: all is embedded again with it',
  async (what) => {
    // The first batch is 8 calls of 24; later ones must not be kept.
    const held = () => processor.calls('/embed').length > 12;
    processor.delayMs = (path) => (path.endsWith('/embed') && held() ? 30_000 : 0);
    // Nothing is stored yet: a collection's dimension could not change any more.
    store.delayMs = (path) => (path.endsWith('/upsert') ? 60_000 : 0);
    const first = await startWorker();
    const { id, collection } = await upload();
    await firstBatchKept(id);
    await first.close();
    store.delayMs = () => 0;
    processor.delayMs = () => 0;
    processor.rewrite = (path, text) => {
      if (!path.endsWith('/embed')) return text;
      const response = JSON.parse(text) as { embeddings: number[][]; model: string; dimensions: number };
      if (what === 'model') return JSON.stringify({ ...response, model: 'another' });
      const embeddings = response.embeddings.map((vector) => [...vector, 0]);
      return JSON.stringify({ ...response, embeddings, dimensions: response.dimensions + 1 });
    };
    await startWorker();
    await expectWhole(id, collection);
    if (what === 'model') expect(await redis.client.hget(`document:${id}`, 'model')).toBe('another');
    expect(ofBatch(0).filter((index) => (embeddings().get(index) ?? 0) > 1)).toHaveLength(BATCH);
    expect(processor.calls('/parse')).toHaveLength(1);
  },
);

test('a model that changes in the middle of a try: one document never mixes two', async () => {
  let calls = 0;
  processor.rewrite = (path, text) =>
    path.endsWith('/embed') && ++calls > 12 ? text.replace('"model":"default"', '"model":"another"') : text;
  await startWorker();
  const { id, collection } = await upload();
  expect(await expectWhole(id, collection)).toMatchObject({ retry_count: 1 });
  expect(await redis.client.hget(`document:${id}`, 'model')).toBe('another');
  // All 23 calls of the second try were of the other model.
  expect(calls).toBeGreaterThanOrEqual(13 + 23);
});

test('torn, foreign and unreadable checkpoints count as absent', async () => {
  embedder.delayMs = 30;
  store.delayMs = (path) => (path.endsWith('/upsert') ? 60_000 : 0);
  const first = await startWorker();
  const { id, collection } = await upload();
  await expect.poll(async () => (await kept(id)).length).toBe(4);
  await first.close();
  store.delayMs = () => 0;
  embedder.delayMs = 0;
  await truncate(checkpoint(id, 'chunks'), 5000);
  await truncate(checkpoint(id, 'vectors-2'), 10_000);
  // Of other texts, but whole; and as long as it was, with zeros in it.
  await copyFile(checkpoint(id, 'vectors-0'), checkpoint(id, 'vectors-1'));
  const file = await open(checkpoint(id, 'vectors-0'), 'r+');
  await file.write(Buffer.alloc(4096), 0, 4096, 8192);
  await file.close();
  await startWorker();
  await expectWhole(id, collection);
  expect(processor.calls('/parse')).toHaveLength(2);
});

test('a checkpoint that cannot be written is logged, and the job completes', async () => {
  const { id, collection } = await upload();
  await writeFile(checkpoint(id), 'in the way');
  const { logger } = await startWorker();
  await expectWhole(id, collection);
  expect(logger.lines.filter((line) => line.includes('a checkpoint could not be written'))).toHaveLength(1);
});

test('a job that fails keeps nothing', async () => {
  const refusal = { status: 400, body: { error: 'InvalidArgumentError', message: 'no' } };
  store.refuse = (path) => (path.endsWith('/upsert') ? refusal : undefined);
  await startWorker();
  const { id } = await upload(40);
  expect(await ended(id)).toMatchObject({ status: 'failed' });
  await expect.poll(() => readdir(join(folder, 'blobs', 'default'))).not.toContain(`${id}.checkpoint`);
});

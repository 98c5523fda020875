import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'valibot';
import { afterEach, expect, test } from 'vitest';

import { KeywordProblemSchema, KeywordUpsertSchema } from '../../../src/contract/services/keywords.ts';
import { KeywordIndex } from '../../../src/keywords-client/keyword-index.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';
import { startHttpGate } from '../../helpers/faults/http-gate.ts';
import { startTestRoles } from '../../helpers/servers/roles.ts';
import { FOR_EACH, use, useBackends, useFolder, useRedis, useRoles } from '../../helpers/servers/use.ts';

// A worker's chunks reach the keyword index after a cleanup has deleted their generation.
const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');
/** Timeout for a busy machine. */
const GENEROUS = { timeout: 50_000, interval: 50 };
const keys = createKeys();
const { signal } = new AbortController();
const folder = useFolder();
const redis = useRedis();
const backends = useBackends();
const env = () => ({ ...backends.env, REDIS_URL: redis.url, LEASE_MS: '1500' });
const api = useRoles(['api'], env);
/** In front of the keyword index, for one worker alone. */
const gate = use(() => startHttpGate(backends.env['KEYWORDS_URL']!), FOR_EACH);
const index = use(async () => {
  const id = (await redis.client.hget(keys.installation, 'id')) ?? '';
  return new KeywordIndex(backends.env['KEYWORDS_URL']!, { secret: undefined, installation: () => id });
}, FOR_EACH);
let stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  stops = [];
});

const blobs = () => ({ BLOB_STORE: join(api.dataDir, 'blobs') });
async function startWorker(own: Record<string, string> = {}) {
  const worker = await startTestRoles(['worker'], { ...env(), ...blobs(), ...own });
  stops.push(() => worker.close());
  return worker;
}

/** Starts a worker behind the gate, in a process of its own. */
function spawnWorker() {
  const own = { ...env(), ...blobs(), KEYWORDS_URL: gate.url, PORT: '0', DATA_DIR: folder };
  const child = spawn(process.execPath, [MAIN, 'worker'], {
    env: { ...process.env, ...own },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  stops.push(() => (child.kill('SIGKILL'), ended));
  return { child, lines };
}

/** Holds the first upsert behind the gate. */
function holdUpsert() {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  const responses: string[] = [];
  gate.hold = (path) => (path === '/upsert' ? promise : undefined);
  gate.rewrite = (path, response) => {
    if (path === '/upsert') responses.push(response);
    return response;
  };
  const generation = async () => {
    await expect.poll(() => gate.calls('/upsert').length, GENEROUS).toBe(1);
    const { collection, writes } = parse(KeywordUpsertSchema, JSON.parse(gate.calls('/upsert')[0]!));
    const { document_id: documentId, generation } = writes[0]!;
    return { collection, documentId, generation };
  };
  return { generation, responses, release };
}

const store = async (text: string) => expectAccepted(await upload(api.url, text, { collection: 'papers' }));
const completed = (id: string) =>
  expect.poll(async () => redis.client.hget(keys.job(id), 'status'), GENEROUS).toBe('completed');
const liveGeneration = (id: string) => redis.client.hget(keys.document(id), 'generation');
async function indexed(id: string): Promise<string[]> {
  const all: string[] = [];
  for await (const page of index.generations(signal))
    all.push(...page.flatMap((one) => (one.documentId === id ? [one.generation] : [])));
  return all;
}

test('chunks that a paused worker sends after the cleanup are refused, and the job keeps those of its new worker', async () => {
  const { generation, responses, release } = holdUpsert();
  const { child, lines } = spawnWorker();
  const id = await store('Quinces are sour.');
  const late = await generation();
  child.kill('SIGSTOP');
  await startWorker();
  await completed(id);
  const looks = async () => {
    const entries = await redis.client.zrange(keys.cleanup, '0', '-1');
    return entries
      .map((entry) => JSON.parse(entry) as unknown[])
      .find((entry) => entry.includes(late.generation));
  };
  // The first of two cleanups is over.
  await expect.poll(async () => (await looks())?.at(-1), GENEROUS).toBe(2);
  release();
  await expect.poll(() => responses.length, GENEROUS).toBe(1);
  expect(parse(KeywordProblemSchema, JSON.parse(responses[0]!)).code).toBe('dead_generation');
  child.kill('SIGCONT');
  const settled = (line: string) => /given back|lost to another worker/.test(line) && line.includes(id);
  await expect.poll(() => lines.some(settled), GENEROUS).toBe(true);
  await completed(id);
  const live = await liveGeneration(id);
  expect(live).not.toBe(late.generation);
  expect(await indexed(id)).toEqual([live]);
});

test('a job whose generation a cleanup has deleted is given back, and stores its chunks under another', async () => {
  const { generation, release } = holdUpsert();
  const worker = await startWorker({ KEYWORDS_URL: gate.url });
  const id = await store('Medlars are brown.');
  const late = await generation();
  await index.deleteGeneration(late, signal);
  release();
  await completed(id);
  expect(worker.logger.lines.filter((line) => line.startsWith('job given back'))).toHaveLength(1);
  const live = await liveGeneration(id);
  expect(live).not.toBe(late.generation);
  expect(await indexed(id)).toEqual([live]);
});

test('a document whose live generation the index refuses is indexed again from its original', async () => {
  const id = await store('Sloes are blue.');
  const worker = await startWorker();
  await completed(id);
  const before = (await liveGeneration(id))!;
  // A cleanup does so before Redis goes back to where the generation is live, if Chroma was away meanwhile.
  await index.deleteGeneration({ collection: 'papers', documentId: id, generation: before }, signal);
  await expect.poll(() => liveGeneration(id), GENEROUS).not.toBe(before);
  const live = await liveGeneration(id);
  expect(await indexed(id)).toEqual([live]);
  expect(worker.logger.lines.join()).toContain('the keyword index refuses live chunks of a document');
});

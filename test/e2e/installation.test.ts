import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ChromaClient } from 'chromadb';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { withoutCredentials } from '../../src/without-credentials.ts';
import { startEmbeddingsServer, type EmbeddingsServer } from '../helpers/embeddings-server.ts';
import { startSluice, type TestSluice } from '../helpers/sluice.ts';

const ADOPT = resolve(import.meta.dirname, '../../src/adopt.ts');
const RESERVED = 'sluice-installation';
const DAY_MS = 24 * 60 * 60 * 1000;
let embedder: EmbeddingsServer;
let dataDir: string;
let sluice: TestSluice | undefined;
/** Starts an installation with one document, stops it, and returns its id. */
let live: { dataDir: string; document: string; id: string };

beforeAll(async () => {
  embedder = await startEmbeddingsServer();
  live = await makeInstallation();
});
afterAll(async () => {
  await embedder?.close();
  if (live) await rm(live.dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sluice-installation-'));
  await cp(live.dataDir, dataDir, { recursive: true, preserveTimestamps: true });
});
afterEach(async () => {
  await sluice?.stop();
  sluice = undefined;
  await rm(dataDir, { recursive: true, force: true });
});

const environment = (env: Record<string, string> = {}) => ({
  EMBEDDINGS_URL: embedder.url,
  PROCESSOR_CHILDREN: '1',
  // Makes each sweep run ten times a second.
  LEASE_MS: '600',
  ...env,
});

async function start(env: Record<string, string> = {}): Promise<TestSluice> {
  sluice = await startSluice({ dataDir, env: environment(env) });
  return sluice;
}

async function makeInstallation(): Promise<typeof live> {
  const made = await startSluice({ env: environment() });
  const { job_id } = await made.upload(new File(['The sluice opens.'], 'a.txt'));
  expect((await made.ended(job_id)).status).toBe('completed');
  const { id } = await identity(made.dataDir);
  await made.stop();
  return { dataDir: made.dataDir, document: job_id, id };
}

async function identity(folder: string): Promise<Record<'id' | 'store' | 'from' | 'adopted_at', string>> {
  const text = await readFile(join(folder, 'blobs', 'installation.json'), 'utf8');
  return JSON.parse(text) as Awaited<ReturnType<typeof identity>>;
}

async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

function chroma(url: string): ChromaClient {
  const { hostname, port } = new URL(url);
  return new ChromaClient({ host: hostname, port: Number(port) });
}

/** Reads the ids in the blob store, in Redis and in Chroma. */
async function ids(running: TestSluice, prefix = ''): Promise<unknown[]> {
  const marker = await chroma(running.chromaUrl).getCollection({ name: RESERVED });
  return [
    (await identity(running.dataDir)).id,
    await withRedis(running.redisUrl, (redis) => redis.hget(`${prefix}installation`, 'id')),
    marker.metadata?.['installation'],
  ];
}

/** Waits, because Chroma may start after the rest and then gets its id. */
const agreeOn = (running: TestSluice, id: string, prefix = '') =>
  expect.poll(() => ids(running, prefix).catch(String), { timeout: 90_000 }).toEqual([id, id, id]);

const readiness = async ({ url }: TestSluice) =>
  (await (await fetch(`${url}/readyz`)).json()) as { status: string; checks: Record<string, string> };
const untilReady = (running: TestSluice) =>
  expect.poll(async () => (await readiness(running)).status, { timeout: 90_000 }).toBe('ok');
const documents = async ({ url }: TestSluice) => {
  const answer = (await (await fetch(`${url}/api/documents`)).json()) as { documents: { id: string }[] };
  return answer.documents.map(({ id }) => id);
};
const files = async () =>
  (await readdir(join(dataDir, 'blobs'), { recursive: true }))
    .filter((name) => !name.includes('.probe'))
    .sort();

async function expectRefused(running: TestSluice): Promise<void> {
  expect(running.output()).toContain('Sluice is not ready');
  expect(await readiness(running)).toMatchObject({ status: 'not_ready', checks: { installation: 'failed' } });
  const form = new FormData();
  form.append('file', new File(['x'], 'x.txt'));
  const answer = await fetch(`${running.url}/api/documents/upload`, { method: 'POST', body: form });
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
    503,
    'installation_mismatch',
  ]);
}

async function adopt(source: string, env: Record<string, string> = {}): Promise<string> {
  const options = { env: { ...process.env, DATA_DIR: dataDir, ...env } };
  return (await promisify(execFile)(process.execPath, [ADOPT, source], options)).stdout;
}

test('the first start gives every store one id', async () => {
  const running = await start();
  expect(running.output()).toContain('Sluice is ready');
  await agreeOn(running, live.id);
  expect(await identity(dataDir)).toMatchObject({ from: 'empty', layout: 2 });
  expect((await identity(dataDir)).adopted_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('a wrong REDIS_KEY_PREFIX deletes nothing, and only the command moves the installation to it', async () => {
  const then = new Date(Date.now() - 8 * DAY_MS);
  const before = await files();
  for (const name of before) await utimes(join(dataDir, 'blobs', name), then, then);

  const wrong = await start({ REDIS_KEY_PREFIX: 'wrong:' });
  await expectRefused(wrong);
  const refusals = wrong
    .output()
    .match(/^.*"role":"api\+gateway".*$/gm)!
    .filter((line) => line.includes(live.id));
  expect(refusals).toEqual([expect.stringMatching(/REDIS_KEY_PREFIX \\"\\".*\\"wrong:\\".*npm run adopt/)]);
  // Waits long enough for each sweep.
  await sleep(3000);
  expect(await files()).toEqual(before);
  await wrong.stop();

  const right = await start();
  await untilReady(right);
  expect(await documents(right)).toEqual([live.document]);
  await right.stop();

  // No Sluice runs, so the command starts the embedded servers itself.
  expect(await adopt('blobs', { REDIS_KEY_PREFIX: 'wrong:' })).toMatch(/"wrong:" now, in place of ""/);
  const moved = await start({ REDIS_KEY_PREFIX: 'wrong:' });
  await untilReady(moved);
  await agreeOn(moved, live.id, 'wrong:');
});

test('an empty Redis adopts the id, and its jobs are restored', async () => {
  await rm(join(dataDir, 'redis'), { recursive: true });
  const running = await start();
  await untilReady(running);
  await agreeOn(running, live.id);
  expect((await running.ended(live.document)).status).toBe('completed');
  expect(await documents(running)).toEqual([live.document]);
});

test('an empty Chroma adopts the id', async () => {
  const before = await files();
  await rm(join(dataDir, 'chroma'), { recursive: true });
  const running = await start();
  await untilReady(running);
  await agreeOn(running, live.id);
  expect(await files()).toEqual(before);
});

test('an emptied blob store adopts the id, and the log names the lost originals', async () => {
  const { store } = await identity(dataDir);
  await rm(join(dataDir, 'blobs'), { recursive: true });
  const running = await start();
  await untilReady(running);
  await agreeOn(running, live.id);
  expect((await identity(dataDir)).store).not.toBe(store);
  expect(running.output()).toMatch(/"documents":1.*originals of earlier documents are not in it/);
});

test('Sluice refuses two installations, and the command repairs them while it runs', async () => {
  const other = await makeInstallation();
  await rm(join(dataDir, 'redis'), { recursive: true });
  await cp(join(other.dataDir, 'redis'), join(dataDir, 'redis'), { recursive: true });
  await rm(other.dataDir, { recursive: true });
  const before = await files();

  const running = await start();
  await expectRefused(running);
  for (const said of [
    live.id,
    other.id,
    join(dataDir, 'blobs'),
    withoutCredentials(running.redisUrl),
    'npm run adopt',
  ])
    await expect.poll(() => running.output()).toContain(said);
  await sleep(2000);
  await expect.poll(files).toEqual(before);

  expect(await adopt('blobs')).toContain(`${other.id} before, ${live.id} now`);
  await untilReady(running);
  await agreeOn(running, live.id);
  // Sluice restores jobs that Redis did not know, and runs them.
  expect((await running.ended(live.document)).status).toBe('completed');
});

test('data of a version without ids get one, once', async () => {
  const first = await start();
  await untilReady(first);
  await withRedis(first.redisUrl, (redis) =>
    redis.del('installation', 'installation:store', 'sluice:installations'),
  );
  await first.stop();
  await rm(join(dataDir, 'blobs', 'installation.json'));
  await rm(join(dataDir, 'chroma'), { recursive: true });

  const older = await start();
  await untilReady(older);
  const { id } = await identity(dataDir);
  expect(id).not.toBe(live.id);
  await agreeOn(older, id);
  expect(await identity(dataDir)).toMatchObject({ from: 'older' });
  expect(await documents(older)).toEqual([live.document]);
  await older.stop();

  const again = await start();
  await untilReady(again);
  await agreeOn(again, id);
});

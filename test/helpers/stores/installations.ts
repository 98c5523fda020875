import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ChromaClient } from 'chromadb';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';

import { startEmbeddingsServer, type EmbeddingsServer } from '../servers/embeddings-server.ts';
import { startSluice, type TestSluice } from '../servers/sluice.ts';

const ADOPT = resolve(import.meta.dirname, '../../../src/adopt.ts');
const RESERVED = 'sluice-installation';

/** A stopped installation with one completed document. */
export interface LiveInstallation {
  dataDir: string;
  document: string;
  id: string;
}

/** Gives each test a copy of an installation with one document. Stops what the test started in it. */
export class InstallationCopies {
  dataDir = '';
  live!: LiveInstallation;
  #embedder!: EmbeddingsServer;
  #running: TestSluice | undefined;

  constructor() {
    beforeAll(async () => {
      this.#embedder = await startEmbeddingsServer();
      this.live = await this.make();
    });
    afterAll(async () => {
      await this.#embedder?.close();
      if (this.live) await rm(this.live.dataDir, { recursive: true, force: true });
    });
    beforeEach(async () => {
      this.dataDir = await mkdtemp(join(tmpdir(), 'sluice-installation-'));
      await cp(this.live.dataDir, this.dataDir, { recursive: true, preserveTimestamps: true });
    });
    afterEach(async () => {
      await this.#running?.stop();
      this.#running = undefined;
      await rm(this.dataDir, { recursive: true, force: true });
    });
  }

  /** Starts Sluice on the copy. */
  async start(env: Record<string, string> = {}): Promise<TestSluice> {
    return (this.#running = await startSluice({ dataDir: this.dataDir, env: this.#environment(env) }));
  }

  /** Makes another installation with one document. The caller MUST remove its folder. */
  async make(): Promise<LiveInstallation> {
    const made = await startSluice({ env: this.#environment() });
    const { job_id } = await made.upload(new File(['The sluice opens.'], 'a.txt'));
    expect((await made.ended(job_id)).status).toBe('completed');
    const { id } = await identity(made.dataDir);
    await made.stop();
    return { dataDir: made.dataDir, document: job_id, id };
  }

  /** Lists the files of the blob store. */
  async files(): Promise<string[]> {
    const names = await readdir(join(this.dataDir, 'blobs'), { recursive: true });
    return names.filter((name) => !name.includes('.probe')).sort();
  }

  /** Runs `npm run adopt`. @returns what it prints */
  async adopt(source: string, env: Record<string, string> = {}): Promise<string> {
    const options = { env: { ...process.env, DATA_DIR: this.dataDir, ...env } };
    return (await promisify(execFile)(process.execPath, [ADOPT, source], options)).stdout;
  }

  #environment(env: Record<string, string> = {}): Record<string, string> {
    // The lease makes each sweep run ten times a second.
    return { EMBEDDINGS_URL: this.#embedder.url, PROCESSOR_CHILDREN: '1', LEASE_MS: '600', ...env };
  }
}

/** Reads the identity in an installation's blob store. */
export async function identity(
  folder: string,
): Promise<Record<'id' | 'store' | 'from' | 'adopted_at', string>> {
  const text = await readFile(join(folder, 'blobs', 'installation.json'), 'utf8');
  return JSON.parse(text) as Awaited<ReturnType<typeof identity>>;
}

/** Waits until all three stores have one id. Chroma may start after the rest and then gets its id. */
export async function agreeOn(running: TestSluice, id: string, prefix = ''): Promise<void> {
  const look = () => ids(running, prefix).catch(String);
  await expect.poll(look, { timeout: 90_000 }).toEqual([id, id, id]);
}

async function ids(running: TestSluice, prefix: string): Promise<unknown[]> {
  const { hostname, port } = new URL(running.chromaUrl);
  const chroma = new ChromaClient({ host: hostname, port: Number(port) });
  const marker = await chroma.getCollection({ name: RESERVED });
  return [
    (await identity(running.dataDir)).id,
    await withRedis(running.redisUrl, (redis) => redis.hget(`${prefix}installation`, 'id')),
    marker.metadata?.['installation'],
  ];
}

export async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

const readiness = async ({ url }: TestSluice) =>
  (await (await fetch(`${url}/readyz`)).json()) as { status: string; checks: Record<string, string> };

export async function untilReady(running: TestSluice): Promise<void> {
  await expect.poll(async () => (await readiness(running)).status, { timeout: 90_000 }).toBe('ok');
}

/** Lists the ids of the documents. */
export async function documentIds({ url }: TestSluice): Promise<string[]> {
  const list = (await (await fetch(`${url}/api/documents`)).json()) as { documents: { id: string }[] };
  return list.documents.map(({ id }) => id);
}

/** Expects that a start is not ready, and refuses uploads. */
export async function expectRefused(running: TestSluice): Promise<void> {
  expect(running.output()).toContain('Sluice is not ready');
  expect(await readiness(running)).toMatchObject({ status: 'not_ready', checks: { installation: 'failed' } });
  const form = new FormData();
  form.append('file', new File(['x'], 'x.txt'));
  const refused = await fetch(`${running.url}/api/documents/upload`, { method: 'POST', body: form });
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
    503,
    'installation_mismatch',
  ]);
}

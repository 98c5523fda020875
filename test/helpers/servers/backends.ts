import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Role } from '../../../src/config.ts';
import { startEmbeddingsServer, type EmbeddingsServer } from './embeddings-server.ts';
import { respondsOverHttp, ManagedProcess } from './managed-process.ts';
import { freePort } from './redis.ts';
import { startTestRoles, type TestRoles } from './roles.ts';

const CHROMA = fileURLToPath(new URL('cli.mjs', import.meta.resolve('chromadb')));

/** Something that a test takes away for a while. */
export interface Service {
  up(): Promise<void>;
  down(): Promise<void>;
}

export interface Backends {
  /** `CHROMA_URL`, `PROCESSOR_URL` and `KEYWORDS_URL`. */
  env: Record<string, string>;
  chroma: Service;
  processor: Service;
  /** `folder` holds its files. */
  keywords: Service & { folder: string };
  embedder: EmbeddingsServer;
  close(): Promise<void>;
}

/** Starts what a worker needs beside Redis: a real Chroma and keyword index, and a processor that embeds deterministically. */
export async function startBackends(): Promise<Backends> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-backends-'));
  const [chromaPort, processorPort, keywordsPort] = [await freePort(), await freePort(), await freePort()];
  const env = {
    CHROMA_URL: `http://127.0.0.1:${chromaPort}`,
    PROCESSOR_URL: `http://127.0.0.1:${processorPort}`,
    KEYWORDS_URL: `http://127.0.0.1:${keywordsPort}`,
  };
  const chroma = new ManagedProcess({
    name: 'chroma',
    command: process.execPath,
    args: [CHROMA, 'run', '--path', join(folder, 'chroma'), '--host', '127.0.0.1', '--port', `${chromaPort}`],
    logFile: join(folder, 'chroma.log'),
    responds: () => respondsOverHttp(`${env.CHROMA_URL}/api/v2/heartbeat`),
  });
  const embedder = await startEmbeddingsServer();
  const processor = roleService('processor', {
    PORT: `${processorPort}`,
    EMBEDDINGS_URL: embedder.url,
    PROCESSOR_CHILDREN: '1',
  });
  const keywords = roleService('keywords', { PORT: `${keywordsPort}`, DATA_DIR: folder });
  await Promise.all([chroma.up(), processor.up(), keywords.up()]);
  return {
    env,
    chroma,
    processor,
    keywords: { ...keywords, folder: join(folder, 'keywords') },
    embedder,
    async close() {
      await Promise.all([processor.down(), keywords.down(), chroma.down(), embedder.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A role in this process. A `DATA_DIR` keeps its data while it is down. */
function roleService(role: Role, env: Record<string, string>): Service {
  let running: TestRoles | undefined;
  return {
    async up() {
      running = await startTestRoles([role], env);
    },
    async down() {
      await running?.close();
      running = undefined;
    },
  };
}

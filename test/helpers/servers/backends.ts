import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startEmbeddingsServer, type EmbeddingsServer } from './embeddings-server.ts';
import { respondsOverHttp, ManagedProcess } from './managed-process.ts';
import { freePort } from './redis.ts';
import { startTestRoles } from './roles.ts';

const CHROMA = fileURLToPath(new URL('cli.mjs', import.meta.resolve('chromadb')));

/** Something that a test takes away for a while. */
export interface Service {
  up(): Promise<void>;
  down(): Promise<void>;
}

export interface Backends {
  /** `CHROMA_URL` and `PROCESSOR_URL`. */
  env: Record<string, string>;
  chroma: Service;
  processor: Service;
  embedder: EmbeddingsServer;
  close(): Promise<void>;
}

/** Starts what a worker needs beside Redis: a real Chroma, and a processor that embeds deterministically. */
export async function startBackends(): Promise<Backends> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-backends-'));
  const [chromaPort, processorPort] = [await freePort(), await freePort()];
  const env = {
    CHROMA_URL: `http://127.0.0.1:${chromaPort}`,
    PROCESSOR_URL: `http://127.0.0.1:${processorPort}`,
  };
  const chroma = new ManagedProcess({
    name: 'chroma',
    command: process.execPath,
    args: [CHROMA, 'run', '--path', join(folder, 'chroma'), '--host', '127.0.0.1', '--port', `${chromaPort}`],
    logFile: join(folder, 'chroma.log'),
    responds: () => respondsOverHttp(`${env.CHROMA_URL}/api/v2/heartbeat`),
  });
  const embedder = await startEmbeddingsServer();
  const startProcessor = () =>
    startTestRoles(['processor'], {
      PORT: `${processorPort}`,
      EMBEDDINGS_URL: embedder.url,
      PROCESSOR_CHILDREN: '1',
    });
  const [, first] = await Promise.all([chroma.up(), startProcessor()]);
  let running: Awaited<ReturnType<typeof startProcessor>> | undefined = first;
  const processor = {
    async up() {
      running = await startProcessor();
    },
    async down() {
      await running?.close();
      running = undefined;
    },
  };
  return {
    env,
    chroma,
    processor,
    embedder,
    async close() {
      await Promise.all([processor.down(), chroma.down(), embedder.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

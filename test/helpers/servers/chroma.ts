import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChromaClient } from 'chromadb';

import { respondsOverHttp, ManagedProcess } from './managed-process.ts';
import { freePort } from './redis.ts';

const CLI = fileURLToPath(new URL('cli.mjs', import.meta.resolve('chromadb')));

export interface TestChroma {
  url: string;
  client: ChromaClient;
  server: ManagedProcess;
  /** Deletes all collections. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a real Chroma of the test's own, in a temporary folder. */
export async function startChroma(): Promise<TestChroma> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-chroma-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = new ManagedProcess({
    name: 'chroma',
    command: process.execPath,
    args: [CLI, 'run', '--path', join(folder, 'chroma'), '--host', '127.0.0.1', '--port', `${port}`],
    logFile: join(folder, 'chroma.log'),
    responds: () => respondsOverHttp(`${url}/api/v2/heartbeat`),
  });
  await server.up();
  const client = new ChromaClient({ host: '127.0.0.1', port });
  return {
    url,
    client,
    server,
    async empty() {
      for (const { name } of await client.listCollections()) await client.deleteCollection({ name });
    },
    async close() {
      await server.down();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

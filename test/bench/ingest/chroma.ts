import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { respondsOverHttp, ManagedProcess } from '../../helpers/servers/managed-process.ts';
import { freePort } from '../../helpers/servers/redis.ts';

const CLI = fileURLToPath(new URL('cli.mjs', import.meta.resolve('chromadb')));

/** Starts a Chroma that keeps its data in the folder. */
export async function startChroma(folder: string): Promise<{ url: string; down(): Promise<void> }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const chroma = new ManagedProcess({
    name: 'chroma',
    command: process.execPath,
    args: [CLI, 'run', '--path', join(folder, 'chroma'), '--host', '127.0.0.1', '--port', `${port}`],
    logFile: join(folder, 'chroma.log'),
    responds: () => respondsOverHttp(`${url}/api/v2/heartbeat`),
  });
  await chroma.up();
  return { url, down: () => chroma.down() };
}

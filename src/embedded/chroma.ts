import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { spawnServer, until } from './server-process.ts';
import type { ServiceSpec } from './service.ts';

// The package does not export its command line; it lies beside what it does export.
const CLI = fileURLToPath(new URL('cli.mjs', import.meta.resolve('chromadb')));
const PROBE_TIMEOUT_MS = 1000;

async function answers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/api/v2/heartbeat`, {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** The Chroma server that the `chromadb` package ships, on loopback, with its data under `dataDir`. */
export function embeddedChroma(dataDir: string, port: number): ServiceSpec {
  const args = ['run', '--path', join(dataDir, 'chroma'), '--host', '127.0.0.1', '--port', String(port)];
  return {
    kind: 'server',
    name: 'chroma',
    spawn: () => spawnServer(process.execPath, [CLI, ...args], join(dataDir, 'logs', 'chroma.log')),
    ready: (_child, signal) => until(() => answers(port), signal),
  };
}

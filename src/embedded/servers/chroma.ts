import type { ChildProcess } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bypassProxy } from '../../config.ts';
import type { Failure } from '../failure-report.ts';
import type { HostAndPort } from './ports.ts';
import { nodeEnvironment } from '../process-environment.ts';
import { ServerProcess, until } from './server-process.ts';
import type { ServiceSpec } from '../service.ts';

// The package does not export its command line. The file lies beside the exported one.
const CLI = fileURLToPath(new URL('cli.mjs', import.meta.resolve('chromadb')));
const CHECKED_CLI = fileURLToPath(new URL('checked-chroma.ts', import.meta.url));
const PROBE_TIMEOUT_MS = 1000;
const REPLACED_LOOK_MS = 2000;
const COLLECTIONS = '/api/v2/tenants/default_tenant/databases/default_database/collections?limit=1';

/** @throws if Chroma cannot read its own database. Its heartbeat would still succeed. */
async function responds(url: string): Promise<boolean> {
  let response;
  try {
    response = await fetch(url + COLLECTIONS, {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
  } catch {
    return false;
  }
  const text = await response.text();
  if (response.status >= 500) throw new Error(text);
  return response.ok;
}

/** An embedded Chroma and its address. */
export interface EmbeddedChroma extends ServiceSpec {
  url: string;
}

/** Describes the Chroma server of the `chromadb` package, on a loopback address, with its data under `dataDir`. */
export function embeddedChroma(dataDir: string, { host, port }: HostAndPort): EmbeddedChroma {
  const dir = join(dataDir, 'chroma');
  const server = new ServerProcess(join(dataDir, 'logs', 'chroma.log'), nodeEnvironment());
  const args = ['run', '--path', dir, '--host', host, '--port', String(port)];
  const url = `http://${host}:${port}`;
  bypassProxy([url]);
  const database = join(dir, 'chroma.sqlite3');
  // The check reads the whole database at some 500 MB/s. It runs only once, so that a killed Chroma restarts at once.
  let checked = false;
  return {
    kind: 'server',
    name: 'chroma',
    url,
    required: false,
    spawn: () =>
      server.spawn(process.execPath, checked ? [CLI, ...args] : [CHECKED_CLI, database, CLI, ...args]),
    ready: async (child, signal) => {
      await until(() => responds(url), signal);
      checked = true;
      endWhenReplaced(database, child, signal);
    },
    explain: () => explain(dir, server),
  };
}

/** Ends Chroma when another program removes or replaces its database. Chroma would continue with the file that is gone. */
function endWhenReplaced(database: string, child: ChildProcess, signal: AbortSignal): void {
  const inode = () => statSync(database, { throwIfNoEntry: false })?.ino;
  const before = inode();
  const timer = setInterval(() => {
    if (inode() !== before) child.kill('SIGKILL');
  }, REPLACED_LOOK_MS);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer));
}

function explain(dir: string, server: ServerProcess): Failure {
  const output = server.output();
  return {
    data: dir,
    logFile: server.logFile,
    // A Rust panic prints its place, then its reason.
    says: (/ panicked at .*\n(.*\S)/.exec(output) ?? /^error: (.*\S)/m.exec(output))?.[1],
    repair: [
      `1. Stop Sluice, and move ${dir} away.`,
      '2. Start Sluice. It indexes every document again from its original. Nothing is lost.',
    ],
  };
}

import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PROBE_MS = 10_000;
const ROOT = join(import.meta.dirname, '../../..');

/**
 * Ways to start a program in an empty network namespace, the best first. In a user namespace without users the child
 * has no privileges, and the kernel denies it the environment and the memory of its parent. Without `--fork` the
 * program takes the place of `unshare`, so a signal reaches it.
 */
const NETWORKLESS = [
  ['unshare', '--user', '--net', '--'],
  ['unshare', '--net', '--'],
] as const;

/** What keeps a child from all but its work. */
export interface ChildFence {
  /** Stands before the child's command; empty where the system allows no namespaces. */
  command: readonly string[];
  /** The folder of the files that a child reads. */
  folder: string;
}

/** Finds out, by trying, which fence this system allows. @param folder absolute path */
export async function findFence(folder: string): Promise<ChildFence> {
  for (const command of NETWORKLESS) {
    const [program, ...args] = command;
    try {
      await promisify(execFile)(program, [...args, 'true'], { env: {}, timeout: PROBE_MS });
      return { command, folder };
    } catch {
      // The next way, or none, is what this system allows.
    }
  }
  return { command: [], folder };
}

/**
 * Node's flags for its permission model: a child reads the program and its task's file. It writes nothing, and starts no
 * process and no thread. Native code is not bound by it, and one of the PDF readers is native.
 */
export function permissionFlags({ folder }: ChildFence): string[] {
  const installed =
    fileURLToPath(import.meta.resolve('@llamaindex/liteparse')).split('/node_modules/')[0] ?? ROOT;
  const modules = [ROOT, installed].map((path) => join(path, 'node_modules'));
  const readable = [
    join(ROOT, 'package.json'),
    join(ROOT, 'src/*'),
    ...new Set(modules.map((path) => join(path, '*'))),
    join(realpathSync(folder), '*'),
  ];
  return [
    '--permission',
    '--allow-addons',
    // Node warns at each start that addons are allowed.
    '--disable-warning=SecurityWarning',
    ...readable.map((path) => `--allow-fs-read=${path}`),
  ];
}

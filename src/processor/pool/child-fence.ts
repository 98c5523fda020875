import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PROBE_MS = 10_000;
const ROOT = join(import.meta.dirname, '../../..');

/**
 * Commands that start a program in an empty network namespace, the best first. In a user namespace without users the
 * child has no privileges. The kernel then denies it its parent's environment and memory. Without `--fork` the program
 * replaces `unshare`, so signals reach it.
 */
const NETWORKLESS = [
  ['unshare', '--user', '--net', '--'],
  ['unshare', '--net', '--'],
] as const;

/** Restricts a child to its work. */
export interface ChildFence {
  /** Prefix of the child's command; empty if the system allows no namespaces. */
  command: readonly string[];
  /** The folder of the files that a child reads. */
  folder: string;
}

/** Finds the fence that this system allows. @param folder absolute path */
export async function findFence(folder: string): Promise<ChildFence> {
  for (const command of NETWORKLESS) {
    const [program, ...args] = command;
    try {
      await promisify(execFile)(program, [...args, 'true'], { env: {}, timeout: PROBE_MS });
      return { command, folder };
    } catch {
      // This system does not allow the command. The loop tries the next.
    }
  }
  return { command: [], folder };
}

/**
 * Returns Node's flags for its permission model. A child may read the program and the folder of task files. It may not
 * write, or start a process or thread. The model does not bind native code, and one of the PDF readers is native.
 */
export function permissionFlags({ folder }: ChildFence): string[] {
  const installed =
    fileURLToPath(import.meta.resolve('@llamaindex/liteparse')).split('/node_modules/')[0] ?? ROOT;
  const modules = [ROOT, installed].map((path) => join(path, 'node_modules'));
  const readable = [
    join(ROOT, 'package.json'),
    join(ROOT, 'src/*'),
    join(ROOT, 'client/dist/pdf/cmaps/*'),
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

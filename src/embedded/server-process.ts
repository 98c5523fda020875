import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MAX_LOG_BYTES = 10 * 1024 * 1024;
const POLL_MS = 25;

/**
 * Starts an embedded server in a process group of its own, so that a Ctrl-C in the terminal stops the roles
 * that use it first. Its output goes to a file and not through us: it has to outlive us.
 * @param logFile appended to; begun anew when it has grown large
 */
export function spawnServer(command: string, args: readonly string[], logFile: string): ChildProcess {
  mkdirSync(dirname(logFile), { recursive: true });
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  const log = openSync(logFile, size > MAX_LOG_BYTES ? 'w' : 'a');
  try {
    return spawn(command, args, { detached: true, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

/** Asks until the answer is yes, or until `signal` says that it no longer matters. */
export async function until(probe: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await probe())) {
    await sleep(POLL_MS, undefined, { signal });
  }
}

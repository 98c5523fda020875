import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MAX_LOG_BYTES = 10 * 1024 * 1024;
/** Bytes of the latest run's log to read back. A server that cannot start says why within the first few KiB. */
const MAX_READ_BYTES = 256 * 1024;
const POLL_MS = 25;

/** Runs an embedded server, and logs its output. */
export class ServerProcess {
  /** Path of the log. A start truncates it once it has grown large. */
  readonly logFile: string;
  readonly #environment: Record<string, string>;
  #lifeBegan = 0;

  /**
   * @param logFile absolute path; its folder is made if missing
   * @param environment all variables of the process
   */
  constructor(logFile: string, environment: Record<string, string>) {
    this.logFile = logFile;
    this.#environment = environment;
  }

  /**
   * Starts the server in a process group of its own. So Ctrl-C in the terminal stops first the roles that use it. The
   * server writes straight to its log, because it may outlive this process.
   */
  spawn(command: string, args: readonly string[]): ChildProcess {
    mkdirSync(dirname(this.logFile), { recursive: true });
    let log = openSync(this.logFile, 'a');
    try {
      this.#lifeBegan = fstatSync(log).size;
      if (this.#lifeBegan > MAX_LOG_BYTES) {
        closeSync(log);
        log = openSync(this.logFile, 'w');
        this.#lifeBegan = 0;
      }
      const stdio = ['ignore', log, log] as const;
      return spawn(command, args, { detached: true, env: this.#environment, stdio: [...stdio] });
    } finally {
      closeSync(log);
    }
  }

  /** Reads the server's output since its last start; empty if its log cannot be read. */
  output(): string {
    const buffer = Buffer.alloc(MAX_READ_BYTES);
    let log;
    try {
      log = openSync(this.logFile, 'r');
      return buffer.toString('utf8', 0, readSync(log, buffer, 0, buffer.length, this.#lifeBegan));
    } catch {
      // Only the report's quotation of the server needs the log.
      return '';
    } finally {
      if (log !== undefined) closeSync(log);
    }
  }
}

/** Polls until `probe` succeeds or `signal` aborts. */
export async function until(probe: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await probe())) {
    await sleep(POLL_MS, undefined, { signal });
  }
}

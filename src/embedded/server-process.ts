import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MAX_LOG_BYTES = 10 * 1024 * 1024;
/** Bytes of a life's log that are read back. A server that cannot start says why within the first few KiB. */
const MAX_READ_BYTES = 256 * 1024;
const POLL_MS = 25;

/** Runs an embedded server, and keeps what it prints. */
export class ServerProcess {
  /** Appended to; begun anew at a start when it has grown large. */
  readonly logFile: string;
  #lifeBegan = 0;

  /** @param logFile absolute; its folder is made when missing */
  constructor(logFile: string) {
    this.logFile = logFile;
  }

  /**
   * Starts the server in a process group of its own, so that a Ctrl-C in the terminal stops the roles that use it
   * first. Its output goes to a file and not through us: it has to outlive us.
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
      return spawn(command, args, { detached: true, stdio: ['ignore', log, log] });
    } finally {
      closeSync(log);
    }
  }

  /** Reads what the server has printed since its last start; nothing where its log cannot be read. */
  output(): string {
    const buffer = Buffer.alloc(MAX_READ_BYTES);
    let log;
    try {
      log = openSync(this.logFile, 'r');
      return buffer.toString('utf8', 0, readSync(log, buffer, 0, buffer.length, this.#lifeBegan));
    } catch {
      // Its words are missing from a report then. The report itself still stands.
      return '';
    } finally {
      if (log !== undefined) closeSync(log);
    }
  }
}

/** Asks until the response is yes, or until `signal` says that it no longer matters. */
export async function until(probe: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await probe())) {
    await sleep(POLL_MS, undefined, { signal });
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { signalProcess } from '../../../src/embedded/process-identity.ts';

const RESTART_DELAY_MS = 300;
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 25;

export interface ProcessSpec {
  name: string;
  command: string;
  args: readonly string[];
  env?: Record<string, string>;
  /** What it prints is appended here. */
  logFile: string;
  /** Asks whether it serves. */
  responds(): Promise<boolean>;
}

/** True when an HTTP server answers well. */
export async function respondsOverHttp(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok ?? false;
}

/** A process of a test's own topology, started again whenever it ends, as an orchestrator would. */
export class ManagedProcess {
  readonly #spec: ProcessSpec;
  #child: ChildProcess | undefined;
  #wanted = false;

  constructor(spec: ProcessSpec) {
    this.#spec = spec;
    // A test run that is cut short leaves nothing behind.
    process.once('exit', () => this.signal('SIGKILL'));
  }

  get name(): string {
    return this.#spec.name;
  }

  /** `undefined` while it is down. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it, and resolves when it serves. */
  async up(): Promise<void> {
    this.#wanted = true;
    this.#launch();
    for (const deadline = performance.now() + START_TIMEOUT_MS; performance.now() < deadline;) {
      if (await this.#spec.responds()) return;
      await sleep(POLL_MS);
    }
    throw new Error(`${this.name} did not start; see ${this.#spec.logFile}`);
  }

  /** Kills it, and keeps it down. */
  async down(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (!child) return;
    const ended = once(child, 'exit');
    this.signal('SIGKILL');
    await ended;
  }

  /**
   * Signals it and whatever it has started. After a kill it comes back by itself.
   * @param pid the life that is meant; the current one when left out
   */
  signal(signal: NodeJS.Signals, pid = this.pid): void {
    if (pid !== undefined && pid === this.pid) signalProcess(-pid, signal);
  }

  #launch(): void {
    const { command, args, env, logFile } = this.#spec;
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, {
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#child = child;
    child.once('exit', () => {
      // Whatever it has started is in its group, and must not outlive it.
      if (child.pid !== undefined) signalProcess(-child.pid, 'SIGKILL');
      this.#child = undefined;
      setTimeout(() => {
        if (this.#wanted && !this.#child) this.#launch();
      }, RESTART_DELAY_MS);
    });
  }
}

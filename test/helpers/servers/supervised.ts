import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { processIdentity, signalProcess } from '../../../src/embedded/process-identity.ts';

/** Timeout of a start, in ms. At ten times the machine's load a start has taken 40 s. */
const START_MS = 120_000;
const ENTRY = fileURLToPath(new URL('../../fixtures/supervisor.ts', import.meta.url));

export interface Child {
  kind: string;
  name: string;
  pid: number;
  identity: string;
}

type Truthy<T> = Exclude<T, undefined | null | false>;

/** Tries until the answer is neither nothing, nor false, nor an error. The limit is for a busy machine. */
export async function eventually<T>(ask: () => T | Promise<T>, withinMs = 60_000): Promise<Truthy<T>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const late = performance.now() > deadline;
    try {
      const response = await ask();
      if (response !== undefined && response !== null && response !== false) return response as Truthy<T>;
    } catch (error) {
      if (late) throw error;
    }
    if (late) throw new Error(`it did not happen within ${withinMs} ms: ${ask.toString()}`);
    await sleep(25);
  }
}

export const isAlive = (pid: number): boolean => processIdentity(pid) !== undefined;

/** A data folder and the supervisors that were started on it. */
export class SupervisedFolder implements AsyncDisposable {
  readonly path = mkdtempSync(join(tmpdir(), 'sluice-'));
  readonly #everSeen = new Map<number, Child>();
  readonly #programs: Program[] = [];

  start(environment: Record<string, string> = {}): Program {
    const program = new Program({ PORT: '0', DATA_DIR: this.path, ...environment });
    this.#programs.push(program);
    return program;
  }

  /** The lock's children, by name. */
  children(): Record<string, Child> {
    const { children } = JSON.parse(readFileSync(join(this.path, 'sluice.lock'), 'utf8')) as {
      children: Child[];
    };
    for (const child of children) this.#everSeen.set(child.pid, child);
    return Object.fromEntries(children.map((child) => [child.name, child]));
  }

  /** The children seen so far that still run. */
  survivors(): Child[] {
    return [...this.#everSeen.values()].filter(({ pid, identity }) => processIdentity(pid) === identity);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program.stop();
    for (const { pid } of this.survivors()) signalProcess(-pid, 'SIGKILL');
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** One run of the supervisor. */
export class Program {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  stdout = '';
  stderr = '';

  constructor(environment: Record<string, string>) {
    this.process = spawn(process.execPath, [ENTRY], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = once(this.process, 'exit').then(([code]) => code as number | null);
    this.process.stdout?.on('data', (data: Buffer) => (this.stdout += data.toString()));
    this.process.stderr?.on('data', (data: Buffer) => (this.stderr += data.toString()));
  }

  get pid(): number {
    return this.process.pid!;
  }

  /** The URL that the banner names. */
  ready(): Promise<string> {
    return eventually(() => {
      if (this.process.exitCode !== null) throw new Error(`it ended: ${this.stderr}`);
      return /ready: (\S+)/.exec(this.stdout)?.[1];
    }, START_MS);
  }

  /** Asks it to stop, and returns its exit code. */
  async stop(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    return this.exited;
  }
}

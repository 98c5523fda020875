import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { wellFormed } from '../../well-formed.ts';
import { type ErrorCode, ProcessorError } from '../errors.ts';
import { WITH_MODEL, type ChildMessage, type Task } from './protocol.ts';
import { permissionFlags, type ChildFence } from './child-fence.ts';
import type { TaskRun } from './task-run.ts';

const ENTRY = fileURLToPath(new URL('../child.ts', import.meta.url));
/** Heap limit of a child, in MiB. A document that needs more ends only its child. */
const MAX_HEAP_MIB = 1024;
/**
 * Limit of a child's memory, native readers included, in MiB. Linux enforces it. Model and PDF reader reserve about
 * 1.6 GiB and hardly use it. The costliest measured documents take as much again.
 */
const MAX_MEMORY_MIB = 3584;
const WITHIN_LIMIT = 'ulimit -d "$0" 2>/dev/null; exec "$@"';
/** Limit of a start, in ms. It takes a second, and many on an overloaded machine. A longer one hangs. */
const MAX_START_MS = 60_000;
/** Limit of a parse that makes progress, as a multiple of its longest silence. */
const MAX_SILENCES = 20;
/** Characters of a child's last output to keep. They suffice to find the error. */
const LAST_WORDS = 2000;

export interface PoolChildOptions {
  /** Loads the bundled embedding model at start. */
  withModel: boolean;
  fence: ChildFence;
  /** Longest silence of a parse, in ms. A parse may take 20 times that. Also the longest time of any other task. */
  timeoutMs: number;
  /** Called when the child can take a task: at start, and after each task. */
  onIdle: () => void;
  /** Called when the process is dead or killed. `startFailed` is true if it was never ready. */
  onGone: (gone: {
    startFailed: boolean;
    reason: string;
    lastWords: string | undefined;
    run: TaskRun | undefined;
  }) => void;
  /** Called when a task failed. The cause must not reach the caller. */
  onFailure: (run: TaskRun, code: ErrorCode, cause: string | undefined) => void;
}

/** A child process and the one task it works on. */
export class PoolChild {
  readonly #process: ChildProcess;
  readonly #options: PoolChildOptions;
  /** Resolves when the process ends. */
  readonly exited: Promise<void>;
  #run: TaskRun | undefined;
  /** Limits the start, then the current task. */
  #timer: NodeJS.Timeout | undefined;
  /** Latest end of the task, on the clock of `performance.now()`. */
  #lastMoment = 0;
  #ready = false;
  #gone = false;
  #spent = false;
  #lastWords = '';

  constructor(options: PoolChildOptions) {
    this.#options = options;
    const { fence, withModel } = options;
    const flags = [`--max-old-space-size=${MAX_HEAP_MIB}`, ...permissionFlags(fence)];
    const node = [process.execPath, ...flags, ENTRY, ...(withModel ? [WITH_MODEL] : [])];
    const limited = ['/bin/sh', '-c', WITHIN_LIMIT, String(MAX_MEMORY_MIB * 1024), ...node];
    const [command = '', ...args] = [...fence.command, ...limited];
    this.#process = spawn(command, args, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Code that takes over a parser must find no secrets.
      env: {},
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS);
    });
    this.#process.on('message', (message) => this.#receive(message as ChildMessage));
    this.exited = new Promise((resolve) => {
      this.#process.on('error', (error) => {
        this.#leave(error.message);
        resolve();
      });
      this.#process.on('exit', (code, signal) => {
        this.#leave(signal ?? `exit code ${code}`);
        resolve();
      });
    });
    this.#timer = setTimeout(
      () => this.kill(new ProcessorError('internal'), 'it did not get ready in time'),
      MAX_START_MS,
    );
  }

  get idle(): boolean {
    return this.#ready && !this.#gone && this.#run === undefined;
  }

  /** Returns the current task. */
  get task(): Task | undefined {
    return this.#run?.task;
  }

  /** Returns whether the current task belongs to this caller. */
  worksFor(signal: AbortSignal): boolean {
    return this.#run?.caller.signal === signal;
  }

  /** Gives the child a task. The child must be {@link idle}. */
  start(run: TaskRun): void {
    this.#run = run;
    this.#lastMoment = performance.now() + this.#options.timeoutMs * MAX_SILENCES;
    run.begin();
    this.#armDeadline();
    // An error means that the process is dead. The event 'exit' reports it.
    this.#process.send(run.task, () => {});
  }

  /**
   * Kills the process at once. Its task fails with `error`.
   * @param reason for the log
   */
  kill(error: ProcessorError, reason: string): void {
    this.#process.kill('SIGKILL');
    const run = this.#finish();
    run?.fail(error);
    this.#leave(reason, run);
  }

  /** Ends the work of a caller that went away, unless the task is short. */
  abandon(error: ProcessorError): void {
    if (this.#run?.task.kind !== 'embed') this.kill(error, 'its caller went away');
  }

  #receive(message: ChildMessage): void {
    if (this.#gone) return;
    switch (message.type) {
      case 'ready':
        clearTimeout(this.#timer);
        this.#ready = true;
        this.#options.onIdle();
        return;
      case 'alive':
        this.#heard();
        return;
      case 'bytes':
        this.#heard();
        this.#run?.bytes(message.bytes);
        return;
      case 'unread':
        if (this.#run) this.#run.unread = message.unread;
        return;
      case 'spent':
        this.#spent = true;
        return;
      case 'done':
        this.#finish()?.done();
        this.#beFree();
        return;
      case 'failed': {
        const run = this.#finish();
        if (run) this.#options.onFailure(run, message.code, message.cause);
        run?.fail(new ProcessorError(message.code, { detail: message.detail }));
        this.#beFree();
      }
    }
  }

  #beFree(): void {
    if (this.#spent) this.kill(new ProcessorError('internal'), 'an abandoned reader still runs');
    else this.#options.onIdle();
  }

  #heard(): void {
    if (this.#run?.task.kind === 'parse') this.#armDeadline();
  }

  #armDeadline(): void {
    clearTimeout(this.#timer);
    const { timeoutMs } = this.#options;
    const leftMs = this.#lastMoment - performance.now();
    // A retry of a silent task may succeed. A task that moved all the time would only take as long again.
    const code = leftMs < timeoutMs ? 'takes_too_long' : 'deadline';
    this.#timer = setTimeout(
      () => this.kill(new ProcessorError(code), `${this.#run?.task.kind} went past its deadline`),
      Math.min(timeoutMs, leftMs),
    );
  }

  #finish(): TaskRun | undefined {
    clearTimeout(this.#timer);
    const run = this.#run;
    this.#run = undefined;
    return run;
  }

  #leave(reason: string, run = this.#finish()): void {
    if (this.#gone) return;
    this.#gone = true;
    const code = run?.task.kind === 'parse' ? 'parser_crashed' : 'internal';
    run?.fail(new ProcessorError(code));
    this.#options.onGone({
      startFailed: !this.#ready,
      reason,
      lastWords: wellFormed(this.#lastWords).trim() || undefined,
      run,
    });
  }
}

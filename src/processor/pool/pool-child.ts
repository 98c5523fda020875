import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { wellFormed } from '../../well-formed.ts';
import { type ErrorCode, ProcessorError } from '../errors.ts';
import { WITH_MODEL, type ChildMessage, type Task } from './protocol.ts';
import { permissionFlags, type ChildFence } from './child-fence.ts';
import type { TaskRun } from './task-run.ts';

const ENTRY = fileURLToPath(new URL('../child.ts', import.meta.url));
/** A document that needs more heap than this takes down its child, and only that. */
const MAX_HEAP_MIB = 1024;
/**
 * The same for all its memory, that of native readers among it: the kernel (of Linux) grants no more. Model and PDF
 * reader reserve about 1.6 GiB of it, and use next to nothing; what the costliest documents take was measured to be as
 * much again.
 */
const MAX_MEMORY_MIB = 3584;
const WITHIN_LIMIT = 'ulimit -d "$0" 2>/dev/null; exec "$@"';
/** To start takes a second, on a machine that is overloaded many: what takes longer than this hangs. */
const MAX_START_MS = 60_000;
/** A parse that moves may take many silences, but not for ever: so many. */
const MAX_SILENCES = 20;
/** Enough of a child's last words to tell what went wrong. */
const LAST_WORDS = 2000;

export interface PoolChildOptions {
  /** Loads the bundled embedding model at start. */
  withModel: boolean;
  fence: ChildFence;
  /** The longest silence while parsing, which takes 20 times that at most, and the longest time for any other task. */
  timeoutMs: number;
  /** It can take a task: at start, and after each one. */
  onIdle: () => void;
  /** The process is gone, or as good as: killed. `startFailed` is true for one that was not ready yet. */
  onGone: (gone: {
    startFailed: boolean;
    reason: string;
    lastWords: string | undefined;
    run: TaskRun | undefined;
  }) => void;
  /** A task failed; its cause is not for the caller. */
  onFailure: (run: TaskRun, code: ErrorCode, cause: string | undefined) => void;
}

/** A child process and the one task it works on. */
export class PoolChild {
  readonly #process: ChildProcess;
  readonly #options: PoolChildOptions;
  /** Resolves when the process has ended. */
  readonly exited: Promise<void>;
  #run: TaskRun | undefined;
  /** Until it is ready, then until its task is over. */
  #timer: NodeJS.Timeout | undefined;
  /** When its task has to be over, whatever is heard of it; by `performance.now()`. */
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
      // Whoever takes over a parser finds no secrets.
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

  /** What it works on. */
  get task(): Task | undefined {
    return this.#run?.task;
  }

  /** True while it works for this caller. */
  worksFor(signal: AbortSignal): boolean {
    return this.#run?.caller.signal === signal;
  }

  /** Gives it a task; only while {@link idle}. */
  start(run: TaskRun): void {
    this.#run = run;
    this.#lastMoment = performance.now() + this.#options.timeoutMs * MAX_SILENCES;
    run.begin();
    this.#armDeadline();
    // An error means that it is gone, which 'exit' reports.
    this.#process.send(run.task, () => {});
  }

  /**
   * Ends the process at once, whatever it is doing; its task fails with `error`.
   * @param reason for the log
   */
  kill(error: ProcessorError, reason: string): void {
    this.#process.kill('SIGKILL');
    const run = this.#finish();
    run?.fail(error);
    this.#leave(reason, run);
  }

  /** The caller is gone: ends the work, unless it is short enough to be let finish. */
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
    if (this.#spent) this.kill(new ProcessorError('internal'), 'a reader that was given up goes on');
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

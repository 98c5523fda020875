import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '../../logging/logger.ts';
import { isDocumentError, ProcessorError } from '../errors.ts';
import { FairQueue } from './fair-queue.ts';
import { PoolChild, type PoolChildOptions } from './pool-child.ts';
import type { Task } from './protocol.ts';
import { TaskRun, type Caller } from './task-run.ts';

/** Wait after a failed start, in ms. It stops a broken installation from spawning in a loop. */
const RESTART_MS = 1000;

/** Work of about 50 ms on one core: characters for the bundled model, bytes for other tasks. */
const CHARS_EMBEDDED = 500;
const BYTES_PARSED = 64 * 1024;
const BYTES_CHUNKED = 1024 * 1024;
/** Work of reading a page by OCR, in units of 50 ms. A page of 400 words takes 1.6 s. */
const PAGE_BY_OCR = 32;

/**
 * Cost of a task that may hold its child for seconds or minutes, in units of 50 ms. A batch of embeddings costs less.
 */
const LONG = 8;

export interface PoolOptions extends Pick<PoolChildOptions, 'withModel' | 'fence' | 'timeoutMs'> {
  /** Number of children, each with one task at a time. If there are several, the last is for short tasks. */
  children: number;
  logger: Logger;
}

/**
 * Runs all heavy work in child processes, one task at a time each. The pool kills and replaces a child past its
 * deadline. A child that dies fails only its own task.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #queue = new FairQueue<AbortSignal | string, TaskRun>();
  readonly #children = new Set<PoolChild>();
  readonly #exits = new Set<Promise<void>>();
  /** Callers whose signal has a listener. A caller may have many tasks, but needs one listener. */
  readonly #callers = new WeakSet<AbortSignal>();
  readonly #closing = new AbortController();
  #startable = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    for (let i = 0; i < options.children; i++) this.#spawn();
  }

  /** False before the first child is ready, and after a failed start. */
  get healthy(): boolean {
    return this.#startable;
  }

  /**
   * Runs a task when its caller's turn comes.
   * @param caller when its signal aborts, the pool drops its waiting tasks and kills its running ones. A running
   * embedding goes on, because it is short
   * @param onEnd called once, as soon as the pool no longer needs the task's file
   */
  run(task: Task, caller: Caller, onEnd: () => void = () => {}): TaskRun {
    const { signal, document } = caller;
    const run = new TaskRun(task, caller, onEnd);
    if (signal.aborted || this.#closing.signal.aborted) {
      run.fail(new ProcessorError('internal'));
      return run;
    }
    if (!this.#callers.has(signal)) signal.addEventListener('abort', () => this.#abandon(signal));
    this.#callers.add(signal);
    this.#queue.push(document ?? signal, run, costOf(task));
    this.#dispatch();
    return run;
  }

  /** Kills every child and fails all tasks. Resolves when all processes have ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    const error = new ProcessorError('internal');
    for (const run of this.#queue.drop(() => true)) run.fail(error);
    for (const child of this.#children) child.kill(error, 'closing');
    await Promise.all(this.#exits);
  }

  #dispatch(): void {
    for (const child of this.#children) {
      if (!child.idle) continue;
      const run = this.#queue.next(({ task }) => this.#mayBegin(task));
      if (run === undefined) return;
      child.start(run);
    }
  }

  /**
   * Keeps long tasks alone, or embeddings alone, from taking the last child. A short task then waits only for short
   * tasks or an embedding. With one child more than cores, at most one embedding runs per core. One more would cost a
   * tenth of their time.
   */
  #mayBegin(task: Task): boolean {
    const weight = weightOf(task);
    if (weight === 'short') return true;
    const alike = [...this.#children].filter(({ task }) => task !== undefined && weightOf(task) === weight);
    return alike.length < Math.max(1, this.#options.children - 1);
  }

  #abandon(signal: AbortSignal): void {
    const error = new ProcessorError('internal');
    for (const run of this.#queue.drop((run) => run.caller.signal === signal)) run.fail(error);
    for (const child of this.#children) if (child.worksFor(signal)) child.abandon(error);
  }

  #spawn(): void {
    const { withModel, fence, timeoutMs, logger } = this.#options;
    const child: PoolChild = new PoolChild({
      withModel,
      fence,
      timeoutMs,
      onIdle: () => {
        this.#startable = true;
        this.#dispatch();
      },
      onGone: ({ startFailed, reason, lastWords, run }) => {
        this.#children.delete(child);
        if (this.#closing.signal.aborted) return;
        logger.warn('a child is replaced', { reason, last_words: lastWords, job: run?.caller.job });
        if (startFailed) void this.#spawnLater();
        else this.#spawn();
        // The ended task may have blocked other work.
        this.#dispatch();
      },
      onFailure: ({ task: { kind }, caller: { job } }, code, cause) => {
        // A refused document concerns its owner. A stack would not help an operator.
        if (isDocumentError(code)) logger.info('refused a document', { kind, code, job });
        else if (cause !== undefined) logger.error('a task failed', { kind, code, job, cause });
      },
    });
    this.#children.add(child);
    const exited = child.exited.finally(() => this.#exits.delete(exited));
    this.#exits.add(exited);
  }

  async #spawnLater(): Promise<void> {
    this.#startable = false;
    await sleep(RESTART_MS, undefined, { signal: this.#closing.signal }).catch(() => {});
    if (!this.#closing.signal.aborted) this.#spawn();
  }
}

/** Estimates a task's work. No process knows a file's content before a child reads it, so its size decides. */
function costOf(task: Task): number {
  switch (task.kind) {
    case 'embed':
      return 1 + task.texts.reduce((chars, { length }) => chars + length, 0) / CHARS_EMBEDDED;
    case 'parse':
      return 1 + task.bytes / BYTES_PARSED;
    case 'chunk':
      return 1 + task.bytes / BYTES_CHUNKED;
    case 'ocr':
      return PAGE_BY_OCR;
  }
}

/** Classifies tasks by how they hold a child. An embedding takes a moment, but there are many. */
function weightOf(task: Task): 'short' | 'long' | 'embed' {
  if (task.kind === 'embed') return 'embed';
  return costOf(task) > LONG ? 'long' : 'short';
}

import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '../../logging/logger.ts';
import { isDocumentError, ProcessorError } from '../errors.ts';
import type { ChildFence } from './child-fence.ts';
import { costOf, weightOf } from './cost.ts';
import { FairQueue } from './fair-queue.ts';
import { PoolChild } from './pool-child.ts';
import type { Task } from './protocol.ts';
import { TaskRun, type Caller, type PendingResponse } from './task-run.ts';

/** How long a start that failed waits before the next: a broken installation must not become a spawn loop. */
const RESTART_MS = 1000;

export interface PoolOptions {
  /** How many tasks run at once; where they are several, the last is kept for short ones. */
  children: number;
  /** The longest silence while parsing, and the longest time for any other task, once it runs. */
  timeoutMs: number;
  /** Loads the bundled embedding model in every child at start. */
  withModel: boolean;
  /** Restricts the children to their work. */
  fence: ChildFence;
  logger: Logger;
}

/**
 * Child processes that do all heavy work, one task at a time each. A child past its deadline is killed and
 * replaced at once; one that dies fails its own task and no other.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #queue = new FairQueue<AbortSignal | string, TaskRun>();
  readonly #children = new Set<PoolChild>();
  readonly #exits = new Set<Promise<void>>();
  /** Those that are listened to: once each, for a caller may have many tasks. */
  readonly #callers = new WeakSet<AbortSignal>();
  readonly #closing = new AbortController();
  #startable = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    for (let i = 0; i < options.children; i++) this.#spawn();
  }

  /** False until a child was ready for work, and again when one could not get ready. */
  get healthy(): boolean {
    return this.#startable;
  }

  /**
   * Runs a task as soon as its caller's turn comes.
   * @param caller when its signal aborts, what waits is dropped, and what runs is killed (an embedding is let
   *   finish, unheard)
   * @param onEnd called once, as soon as the task's file is no longer needed
   */
  run(task: Task, caller: Caller, onEnd: () => void = () => {}): PendingResponse {
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

  /** Kills every child and fails what they did and what waits; resolves when all processes are gone. */
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
   * Neither long tasks alone nor embeddings alone get the last child. So a short task waits no longer than other short
   * ones or an embedding take, and with a child more than cores no more embed than there are cores: one more would
   * cost a tenth of their time.
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
        // What it did may have kept other work back.
        this.#dispatch();
      },
      onFailure: ({ task: { kind }, caller: { job } }, code, cause) => {
        // An unreadable document is its user's concern. A stack would tell an operator nothing.
        if (isDocumentError(code)) logger.info('a document was refused', { kind, code, job });
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

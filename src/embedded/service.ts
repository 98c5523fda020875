import type { ChildProcess } from 'node:child_process';

import { ConfigError } from '../config.ts';
import type { Logger } from '../logger.ts';
import type { DataLock } from './lock.ts';
import { signalProcess } from './process-identity.ts';
import { CONFIGURATION_EXIT_CODE } from './role-process.ts';
import { type ProcessKind, STOP_GRACE_MS } from './stop-order.ts';

/** Constant, and short enough to be back within a second; a crash loop does not spin. */
const RESTART_DELAY_MS = 300;

/** How to run one process. */
export interface ServiceSpec {
  kind: ProcessKind;
  name: string;
  /** Starts it as the leader of a process group of its own. */
  spawn(): ChildProcess;
  /** Resolves when it serves; `signal` aborts when it has ended. */
  ready(child: ChildProcess, signal: AbortSignal): Promise<void>;
}

/** One process that is started again whenever it ends, until it is stopped. */
export class Service {
  readonly #spec: ServiceSpec;
  readonly #lock: DataLock;
  readonly #logger: Logger;
  readonly #ready = Promise.withResolvers<void>();
  #stopping = false;
  #restart: NodeJS.Timeout | undefined;
  #running: { pid: number; ended: Promise<void> } | undefined;

  /** Starts it at once. */
  constructor(spec: ServiceSpec, lock: DataLock, logger: Logger) {
    this.#spec = spec;
    this.#lock = lock;
    this.#logger = logger;
    // Nobody has to wait for it.
    this.#ready.promise.catch(() => {});
    this.#launch();
  }

  /**
   * Settles once: resolves when the process serves for the first time.
   * @throws {ConfigError} when it says, or shows, that another try would end the same
   */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Asks it to end, kills it when it takes too long, and resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    this.#ready.reject(new Error(`${this.#spec.name} was stopped before it was ready`));
    if (!this.#running) return;
    const { pid, ended } = this.#running;
    signalProcess(pid, 'SIGTERM');
    const timer = setTimeout(() => signalProcess(-pid, 'SIGKILL'), STOP_GRACE_MS[this.#spec.kind]);
    await ended;
    clearTimeout(timer);
  }

  /** Kills it where there is no time left to wait. */
  kill(): void {
    this.#stopping = true;
    if (this.#running) signalProcess(-this.#running.pid, 'SIGKILL');
  }

  #launch(): void {
    const { kind, name } = this.#spec;
    let child;
    try {
      child = this.#spec.spawn();
    } catch (error) {
      this.#startAgain({ error });
      return;
    }
    const { pid } = child;
    if (pid === undefined) {
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') {
          this.#ready.reject(new ConfigError(`${child.spawnfile} is not installed: run \`npm run setup\`.`));
        }
        this.#startAgain({ error });
      });
      return;
    }
    this.#lock.add(kind, name, pid);
    const life = new AbortController();
    const ended = Promise.withResolvers<void>();
    this.#running = { pid, ended: ended.promise };
    child.once('exit', (code, signal) => {
      life.abort();
      // What it started must not outlive it.
      signalProcess(-pid, 'SIGKILL');
      this.#lock.remove(pid);
      this.#running = undefined;
      ended.resolve();
      if (code === CONFIGURATION_EXIT_CODE) {
        this.#ready.reject(new ConfigError(`${name} cannot run with this configuration.`));
      }
      this.#startAgain({ pid, code, signal });
    });
    // A send that fails because the process is ending; its exit says the rest.
    child.on('error', (error) => this.#logger.warn(`${name}: ${error.message}`));
    this.#spec.ready(child, life.signal).then(this.#ready.resolve, () => {});
  }

  #startAgain(reason: Record<string, unknown>): void {
    if (this.#stopping) return;
    this.#restart = setTimeout(() => {
      this.#logger.error(`${this.#spec.name} ended unexpectedly, starting it again`, reason);
      this.#launch();
    }, RESTART_DELAY_MS);
  }
}

import type { ChildProcess } from 'node:child_process';

import { ConfigError } from '../config.ts';
import type { Logger } from '../logging/logger.ts';
import { failureReport, type Failure } from './failure-report.ts';
import type { DataLock } from './lock.ts';
import { signalProcess } from './process-identity.ts';
import { CONFIGURATION_EXIT_CODE } from './role-process.ts';
import { type ProcessKind, STOP_GRACE_MS } from './stop-order.ts';

/** Delay of a restart, in ms. A process returns within a second, and a crash loop stays slow. */
const RESTART_DELAY_MS = 300;
/**
 * A process that served for less than this, in ms, counts as failed. A damaged Chroma index kills its server at the
 * first call.
 */
const SHORT_LIFE_MS = 10_000;
/** Failed starts in a row before the report. Accidents do not kill a process that often. */
const MAX_FAILED_LIVES = 5;
/** Restart delay after the report, in ms: soon enough after a repair, and rare enough to leave the log readable. */
const SLOW_RESTART_DELAY_MS = 30_000;

/** Describes one process. */
export interface ServiceSpec {
  kind: ProcessKind;
  name: string;
  /** Whether the start fails without this service. */
  required: boolean;
  /** Starts it as the leader of a process group of its own. */
  spawn(): ChildProcess;
  /**
   * Resolves when the process serves. `signal` aborts when the process has ended.
   * @throws if it can never serve. The caller then kills it
   */
  ready(child: ChildProcess, signal: AbortSignal): Promise<void>;
  /** Explains why its last run ended, and how to repair its data. Absent if the process prints to the console. */
  explain?(): Failure;
}

/** Runs a process, and restarts it whenever it ends, until `stop` or `kill`. */
export class Service {
  readonly spec: ServiceSpec;
  readonly #lock: DataLock;
  readonly #logger: Logger;
  readonly #ready = Promise.withResolvers<void>();
  #stopping = false;
  #restart: NodeJS.Timeout | undefined;
  #running: { pid: number; ended: Promise<void> } | undefined;
  #everServed = false;
  #failedLives = 0;

  /** Starts it at once. */
  constructor(spec: ServiceSpec, lock: DataLock, logger: Logger) {
    this.spec = spec;
    this.#lock = lock;
    this.#logger = logger;
    // Prevents an unhandled rejection, because callers do not await every service.
    this.#ready.promise.catch(() => {});
    this.#launch();
  }

  /**
   * Settles once: resolves when the process serves for the first time.
   * @throws {ConfigError} if a restart would fail in the same way
   */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Sends it SIGTERM, and SIGKILL after the grace time. Resolves once it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    this.#ready.reject(new Error(`${this.spec.name} was stopped before it was ready`));
    if (!this.#running) return;
    const { pid, ended } = this.#running;
    signalProcess(pid, 'SIGTERM');
    const timer = setTimeout(() => signalProcess(-pid, 'SIGKILL'), STOP_GRACE_MS[this.spec.kind]);
    await ended;
    clearTimeout(timer);
  }

  /** Sends it a signal, if it runs. */
  signal(signal: NodeJS.Signals): void {
    if (this.#running) signalProcess(this.#running.pid, signal);
  }

  /** Kills it without waiting for its end. */
  kill(): void {
    this.#stopping = true;
    if (this.#running) signalProcess(-this.#running.pid, 'SIGKILL');
  }

  #launch(): void {
    const { kind, name } = this.spec;
    let child: ChildProcess;
    try {
      child = this.spec.spawn();
    } catch (error) {
      this.#startAgain((error as Error).message);
      return;
    }
    const { pid } = child;
    if (pid === undefined) {
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') {
          this.#ready.reject(new ConfigError(`${child.spawnfile} is not installed: run \`npm run setup\`.`));
        }
        this.#startAgain(error.message);
      });
      return;
    }
    this.#lock.add(kind, name, pid);
    const life = new AbortController();
    const ended = Promise.withResolvers<void>();
    this.#running = { pid, ended: ended.promise };
    let servesSince: number | undefined;
    let unfit: string | undefined;
    child.once('exit', (code, signal) => {
      life.abort();
      // Ends its own children, too.
      signalProcess(-pid, 'SIGKILL');
      this.#lock.remove(pid);
      this.#running = undefined;
      ended.resolve();
      if (code === CONFIGURATION_EXIT_CODE) {
        this.#ready.reject(new ConfigError(`${name} cannot run with this configuration.`));
      }
      if (servesSince !== undefined && performance.now() - servesSince > SHORT_LIFE_MS) this.#failedLives = 0;
      this.#startAgain(signal === null ? `exit code ${code}` : `signal ${signal}`, unfit);
    });
    // A send fails while the process ends. Its exit follows.
    child.on('error', (error) => this.#logger.warn(`${name} cannot be told to stop`, { error }));
    this.spec.ready(child, life.signal).then(
      () => {
        servesSince = performance.now();
        this.#serves();
      },
      (error: unknown) => {
        if (life.signal.aborted) return;
        unfit = (error as Error).message;
        signalProcess(-pid, 'SIGKILL');
      },
    );
  }

  #serves(): void {
    if (this.#failedLives >= MAX_FAILED_LIVES) this.#logger.info(`${this.spec.name} serves again`);
    this.#everServed = true;
    this.#ready.resolve();
  }

  /**
   * @param ended the system's account of the end, for example its exit code
   * @param unfit why Sluice killed it, if it did
   */
  #startAgain(ended: string, unfit?: string): void {
    if (this.#stopping) return;
    const { name, required } = this.spec;
    this.#failedLives++;
    if (this.#failedLives < MAX_FAILED_LIVES) {
      this.#restart = setTimeout(() => {
        this.#logger.error(`${name} ended unexpectedly, starting it again`, { ended: unfit ?? ended });
        this.#launch();
      }, RESTART_DELAY_MS);
      return;
    }
    const report = this.#report(ended, unfit);
    this.#ready.reject(new ConfigError(report));
    // A required service that fails its start stops all others.
    if (required && !this.#everServed) return;
    this.#logger.error(`${report}\n    Sluice starts it again every ${SLOW_RESTART_DELAY_MS / 1000} s.\n`);
    this.#restart = setTimeout(() => this.#launch(), SLOW_RESTART_DELAY_MS);
  }

  #report(ended: string, unfit: string | undefined): string {
    const failure = this.spec.explain?.();
    return failureReport(
      this.spec.name,
      ended,
      failure && unfit !== undefined ? { ...failure, says: unfit } : failure,
    );
  }
}

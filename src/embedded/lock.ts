import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';

import { ConfigError } from '../config.ts';
import type { Logger } from '../logging/logger.ts';
import { processIdentity, signalProcess } from './process-identity.ts';
import { type ProcessKind, STOP_GRACE_MS, STOP_ORDER } from './stop-order.ts';

const ProcessSchema = v.object({
  kind: v.picklist(STOP_ORDER),
  name: v.string(),
  pid: v.number(),
  identity: v.string(),
});
type ProcessRecord = v.InferOutput<typeof ProcessSchema>;

const RunningSchema = v.object({
  /** URLs of the embedded servers. Absent for configured servers, because their addresses may hold a password. */
  redis_url: v.optional(v.string()),
  chroma_url: v.optional(v.string()),
  key_prefix: v.string(),
  blob_store: v.string(),
});
/** Describes a running Sluice to commands that work on it from outside. */
export type Running = v.InferOutput<typeof RunningSchema>;

const LockSchema = v.object({
  pid: v.number(),
  running: v.optional(RunningSchema),
  children: v.array(ProcessSchema),
});

/** Files that the lock writes into a data folder. */
export const LOCK_FILES = { lock: 'sluice.lock', guard: 'sluice.guard' } as const;
/** Marks a data folder while a restore fills it. */
export const UNFINISHED = 'restore.unfinished';

const POLL_MS = 20;
const SQLITE_BUSY = 5;

/**
 * Keeps a second supervisor off a data folder. Records the children in `sluice.lock`, so that the next supervisor can stop
 * those of a killed one. A kernel lock on `sluice.guard` excludes a second supervisor, and ends with the process in any
 * case. Node has no `flock`, but SQLite does.
 */
export class DataLock {
  readonly #file: string;
  readonly #guard: DatabaseSync;
  readonly #logger: Logger;
  readonly #children: Map<number, ProcessRecord>;
  #running: Running | undefined;

  private constructor(file: string, guard: DatabaseSync, logger: Logger) {
    this.#file = file;
    this.#guard = guard;
    this.#logger = logger;
    this.#children = new Map(readLock(file)?.children.map((record) => [record.pid, record]));
  }

  /**
   * Takes the lock, and stops the processes that an earlier supervisor left running.
   * @throws {ConfigError} if another supervisor runs on this folder
   */
  static async acquire(dataDir: string, logger: Logger): Promise<DataLock> {
    const file = join(dataDir, LOCK_FILES.lock);
    const lock = new DataLock(file, lockGuard(dataDir, file), logger);
    lock.#write();
    await lock.#stopSurvivors();
    return lock;
  }

  /** Publishes this Sluice's addresses for other commands. */
  announce(running: Running): void {
    this.#running = running;
    this.#write();
  }

  /** Records a started child. */
  add(kind: ProcessKind, name: string, pid: number): void {
    const identity = processIdentity(pid);
    if (identity === undefined) return;
    this.#children.set(pid, { kind, name, pid, identity });
    this.#write();
  }

  /** Forgets a child that has ended. */
  remove(pid: number): void {
    if (this.#children.delete(pid)) this.#write();
  }

  release(): void {
    rmSync(this.#file, { force: true });
    this.#guard.close();
  }

  async #stopSurvivors(): Promise<void> {
    const survivors = [...this.#children.values()].filter(isRunning);
    for (const kind of STOP_ORDER) {
      const ofKind = survivors.filter((record) => record.kind === kind);
      await Promise.all(
        ofKind.map(async (record) => {
          this.#logger.warn(`stopping ${record.name}, left behind by an earlier run`, { pid: record.pid });
          await stopSurvivor(record);
        }),
      );
    }
    this.#children.clear();
    this.#write();
  }

  #write(): void {
    const content = { pid: process.pid, running: this.#running, children: [...this.#children.values()] };
    try {
      // Renames a complete file, so that a reader never sees half of it.
      writeFileSync(`${this.#file}.new`, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    } catch (error) {
      // A full disk must not stop the running roles.
      this.#logger.warn('cannot write the lock file', { error });
    }
  }
}

function lockGuard(dataDir: string, file: string): DatabaseSync {
  let guard;
  try {
    mkdirSync(dataDir, { recursive: true });
    guard = new DatabaseSync(join(dataDir, LOCK_FILES.guard), { timeout: 0 });
    guard.exec('BEGIN EXCLUSIVE');
    return guard;
  } catch (error) {
    guard?.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) {
      throw new ConfigError(`DATA_DIR ${dataDir} cannot be used: ${(error as Error).message}`);
    }
    const holder = readLock(file)?.pid;
    const who = holder === undefined ? 'Another Sluice' : `Another Sluice (pid ${holder})`;
    throw new ConfigError(`${who} runs on ${dataDir}: stop it first, or set another DATA_DIR.`);
  }
}

/** Reads the addresses of the Sluice on a data folder; `undefined` if none runs. */
export function readRunning(dataDir: string): Running | undefined {
  return readLock(join(dataDir, LOCK_FILES.lock))?.running;
}

function readLock(file: string): v.InferOutput<typeof LockSchema> | undefined {
  try {
    return v.parse(LockSchema, JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

async function stopSurvivor(record: ProcessRecord): Promise<void> {
  signalProcess(record.pid, 'SIGTERM');
  const deadline = performance.now() + STOP_GRACE_MS[record.kind];
  while (isRunning(record)) {
    if (performance.now() > deadline) signalProcess(-record.pid, 'SIGKILL');
    await sleep(POLL_MS);
  }
  // Ends its children, too.
  signalProcess(-record.pid, 'SIGKILL');
}

function isRunning(record: ProcessRecord): boolean {
  return processIdentity(record.pid) === record.identity;
}

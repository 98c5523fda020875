import { setTimeout as sleep } from 'node:timers/promises';

import type { ChunkOrigin, ChunkWrite, EmbeddedChunk } from '../../documents/chunk-record.ts';
import type { ChunkStores } from '../../documents/chunk-stores.ts';
import { DependencyError } from '../../errors.ts';
import { InstallationError } from '../../installation/installation-error.ts';

/**
 * Longest pause between two calls of a busy worker, in ms. Chroma takes 6.8 ms of processor time for a call with one chunk,
 * 2.9 ms a chunk for one with four, and 1.2 ms for one with sixteen. So a pause as long as the call before saves a third.
 */
const LONGEST_PAUSE_MS = 25;
/** Most chunks in a call. A job's own batch is never larger, so the call's bytes have the same limit. */
const MOST_CHUNKS = 250;

/** Rejects when a job may no longer write. Awaited right before a write. */
export type EnsureHeld = () => Promise<void>;

interface Waiting extends ChunkWrite {
  ensureHeld: EnsureHeld;
  signal: AbortSignal;
  resolve: () => void;
  reject: (error: unknown) => void;
  /** True once `resolve` or `reject` was called. An abort or a lost claim settles a write before its call. */
  settled: boolean;
}

/**
 * Writes the chunks of all jobs of a worker to both stores, with one call per collection at a time. Writes that come during a
 * call share the next one, because each call has a high fixed cost.
 */
export class UpsertBatcher {
  readonly #stores: Pick<ChunkStores, 'upsertAll'>;
  /** By collection; a collection without a call under way is absent. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(stores: Pick<ChunkStores, 'upsertAll'>) {
    this.#stores = stores;
  }

  /**
   * Stores a batch of a generation's chunks. A call under way is not cut while another job needs it.
   * @throws the call's error; `ensureHeld`'s; the signal's reason when it was aborted
   */
  upsert(
    origin: ChunkOrigin,
    batch: readonly EmbeddedChunk[],
    ensureHeld: EnsureHeld,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const write: Waiting = { origin, batch, ensureHeld, signal, resolve, reject, settled: false };
    const abort = () => settle(write, { error: signal.reason });
    signal.addEventListener('abort', abort, { once: true });
    const queue = this.#waiting.get(origin.collection);
    if (queue) queue.push(write);
    else void this.#drain(origin.collection, [write]);
    return promise.finally(() => signal.removeEventListener('abort', abort));
  }

  async #drain(collection: string, queue: Waiting[]): Promise<void> {
    this.#waiting.set(collection, queue);
    while (queue.length > 0) {
      const began = performance.now();
      await this.#write(collection, await keepHeld(takeNext(queue)));
      if (queue.length > 0) await sleep(Math.min(LONGEST_PAUSE_MS, performance.now() - began));
    }
    this.#waiting.delete(collection);
  }

  /** Writes in one call. Never throws. */
  async #write(collection: string, writes: readonly Waiting[]): Promise<void> {
    if (writes.length === 0) return;
    const unneeded = new AbortController();
    const cut = () => {
      if (writes.every(({ signal }) => signal.aborted)) unneeded.abort(writes[0]?.signal.reason);
    };
    for (const { signal } of writes) signal.addEventListener('abort', cut);
    try {
      await this.#stores.upsertAll(collection, writes, unneeded.signal);
      for (const write of writes) settle(write);
    } catch (error) {
      if (writes.length === 1 || !mayConcernOneJob(error))
        for (const write of writes) settle(write, { error });
      else await Promise.all(writes.map((write) => this.#writeAlone(collection, write)));
    } finally {
      for (const { signal } of writes) signal.removeEventListener('abort', cut);
    }
  }

  async #writeAlone(collection: string, write: Waiting): Promise<void> {
    await this.#write(collection, await keepHeld([write]));
  }
}

/** Takes the first writes that fit in one call, at least one. */
function takeNext(queue: Waiting[]): Waiting[] {
  const taken: Waiting[] = [];
  for (let chunks = 0; queue[0]; taken.push(queue.shift() as Waiting)) {
    chunks += queue[0].batch.length;
    if (taken.length > 0 && chunks > MOST_CHUNKS) break;
  }
  return taken;
}

/** Returns the writes whose jobs still hold their claim, and rejects the others. */
async function keepHeld(writes: readonly Waiting[]): Promise<Waiting[]> {
  const asked = writes.map(async (write) => {
    if (!write.settled) await write.ensureHeld().catch((error: unknown) => settle(write, { error }));
  });
  await Promise.all(asked);
  return writes.filter(({ settled }) => !settled);
}

function settle(write: Waiting, failed?: { error: unknown }): void {
  write.settled = true;
  if (failed) write.reject(failed.error);
  else write.resolve();
}

/**
 * Returns whether one job's chunks may have caused a failure. Each job then makes its own call, and gets its own error. So no
 * retry counts for another job's chunks. A job waits for one repeated call, because all jobs repeat at once.
 */
function mayConcernOneJob(error: unknown): boolean {
  if (error instanceof DependencyError) return error.kind === 'permanent' || error.kind === 'transient';
  return !(error instanceof InstallationError);
}

import type { ChunkStores } from '../../documents/chunk-stores.ts';
import type { Cleanup, CleanupLog } from '../../jobs/transitions/cleanup-log.ts';
import type { Installation } from '../../installation/installation.ts';
import type { JobQueue } from '../../jobs/transitions/job-queue.ts';
import type { Logger } from '../../logging/logger.ts';
import type { BatchSweep } from './batch-sweep.ts';
import type { CollectionSweep } from './collection-sweep.ts';
import type { EditSweep } from './edit-sweep.ts';
import type { ReembedSweep } from '../reembed/reembed-sweep.ts';
import type { OrphanSweep } from './orphan-sweep.ts';
import type { TombstoneSweep } from './tombstone-sweep.ts';
import type { UploadRecovery } from './upload-recovery.ts';

const CLEANUPS_AT_ONCE = 20;

type Duty = (signal: AbortSignal) => Promise<void>;

export interface SweeperServices {
  queue: JobQueue;
  cleanups: CleanupLog;
  chunks: ChunkStores;
  uploads: UploadRecovery;
  ends: TombstoneSweep;
  orphans: OrphanSweep;
  collections: Pick<CollectionSweep, 'sweep'>;
  batched: Pick<BatchSweep, 'sweep'>;
  edited: Pick<EditSweep, 'sweep'>;
  reembedded: Pick<ReembedSweep, 'sweep'>;
  installation: Pick<Installation, 'confirmed' | 'whileConfirmed'>;
  logger: Logger;
}

/**
 * Repairs what lost workers, other programs and a Redis that lost writes left behind, every sixth of a lease. Several
 * workers may sweep at once. Each duty runs on its own, because a slow one must not block the takeover of jobs. Sweeps
 * stop while the installation is not confirmed, because unowned files may belong to another installation.
 */
export class Sweeper {
  readonly #services: SweeperServices;
  readonly #timer: NodeJS.Timeout;
  readonly #closing = new AbortController();
  readonly #underWay = new Map<Duty, Promise<void>>();
  #repairCursor = '0';

  constructor(services: SweeperServices, leaseMs: number) {
    this.#services = services;
    const duties: Duty[] = [
      () => this.#expireLeases(),
      () => this.#repair(),
      (signal) => services.uploads.sweep(signal),
      (signal) => services.ends.sweep(signal),
      (signal) => services.orphans.sweep(signal),
      (signal) => services.collections.sweep(signal),
      (signal) => services.batched.sweep(signal),
      (signal) => services.edited.sweep(signal),
      (signal) => services.reembedded.sweep(signal),
      (signal) => this.#cleanUp(signal),
    ];
    this.#timer = setInterval(() => {
      if (!services.installation.confirmed) return;
      for (const duty of duties) if (!this.#underWay.has(duty)) this.#underWay.set(duty, this.#do(duty));
    }, leaseMs / 6);
  }

  /** Ends the running duties. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await Promise.all(this.#underWay.values());
  }

  async #do(duty: Duty): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, this.#services.installation.whileConfirmed]);
    try {
      await duty(signal);
    } catch (error) {
      if (!signal.aborted)
        this.#services.logger.warn('a sweep failed, and the next one starts over', { error });
    }
    this.#underWay.delete(duty);
  }

  async #expireLeases(): Promise<void> {
    const { requeued, failed } = await this.#services.queue.expireLeases();
    if (requeued + failed > 0)
      this.#services.logger.warn('took jobs back from lost workers', { requeued, failed });
  }

  async #repair(): Promise<void> {
    const { cursor, repaired } = await this.#services.queue.repair(this.#repairCursor);
    this.#repairCursor = cursor;
    if (repaired > 0) this.#services.logger.warn('repaired jobs that would never have run', { repaired });
  }

  /** Deletes all dead generations that are due now. */
  async #cleanUp(signal: AbortSignal): Promise<void> {
    const { cleanups, chunks } = this.#services;
    let due: Cleanup[];
    do {
      due = await cleanups.due(CLEANUPS_AT_ONCE);
      for (const cleanup of due) {
        try {
          await chunks.deleteGeneration(cleanup, signal);
          const { most } = await chunks.countChunks(cleanup, signal);
          await (most === 0 ? cleanups.finish(cleanup) : cleanups.putOff(cleanup));
        } catch (error) {
          if (signal.aborted) return;
          // A failed cleanup must not block the others.
          this.#services.logger.warn('a cleanup failed and is put off', { ...cleanup, error });
          await cleanups.putOff(cleanup);
        }
      }
    } while (due.length === CLEANUPS_AT_ONCE && !signal.aborted);
  }
}

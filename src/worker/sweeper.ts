import type { VectorStore } from '../documents/vector-store.ts';
import type { CleanupLog } from '../jobs/cleanup-log.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { Logger } from '../logger.ts';
import type { BlobSweep } from './blob-sweep.ts';
import type { UploadRecovery } from './upload-recovery.ts';

const CLEANUPS_A_ROUND = 20;

export interface SweeperServices {
  queue: JobQueue;
  cleanups: CleanupLog;
  vectors: VectorStore;
  uploads: UploadRecovery;
  files: BlobSweep;
  logger: Logger;
}

/**
 * Puts right, every sixth of a lease, what workers that are gone, other programs and a forgetful Redis have
 * left behind. Any worker may do it; several at once do no harm.
 */
export class Sweeper {
  readonly #services: SweeperServices;
  readonly #timer: NodeJS.Timeout;
  readonly #closing = new AbortController();
  #repairCursor = '0';
  #round: Promise<void> | undefined;

  constructor(services: SweeperServices, leaseMs: number) {
    this.#services = services;
    this.#timer = setInterval(() => {
      this.#round ??= this.#sweep().finally(() => (this.#round = undefined));
    }, leaseMs / 6);
  }

  /** Ends the round under way. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#round;
  }

  async #sweep(): Promise<void> {
    for (const duty of [
      () => this.#expireLeases(),
      () => this.#repair(),
      () => this.#recoverUploads(),
      () => this.#sweepFiles(),
      () => this.#cleanUp(),
    ]) {
      if (this.#closing.signal.aborted) return;
      try {
        await duty();
      } catch (error) {
        // Each duty is its own: an unreachable Chroma must not keep jobs from being taken over.
        if (!this.#closing.signal.aborted)
          this.#services.logger.warn('a sweep did not finish, the next will', { error });
      }
    }
  }

  async #expireLeases(): Promise<void> {
    const { requeued, failed } = await this.#services.queue.expireLeases();
    if (requeued + failed > 0)
      this.#services.logger.warn('took jobs back from lost workers', { requeued, failed });
  }

  async #repair(): Promise<void> {
    const { cursor, repaired } = await this.#services.queue.repair(this.#repairCursor);
    this.#repairCursor = cursor;
    if (repaired > 0) this.#services.logger.warn('repaired jobs that nothing would have moved', { repaired });
  }

  async #recoverUploads(): Promise<void> {
    await this.#services.uploads.sweep(this.#closing.signal);
  }

  async #sweepFiles(): Promise<void> {
    await this.#services.files.sweep(this.#closing.signal);
  }

  async #cleanUp(): Promise<void> {
    const { cleanups, vectors } = this.#services;
    for (const cleanup of await cleanups.due(CLEANUPS_A_ROUND)) {
      try {
        await vectors.deleteGeneration(cleanup, this.#closing.signal);
        await cleanups.finish(cleanup);
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        // One that cannot be carried out now must not stand in the way of all others.
        this.#services.logger.warn('a cleanup failed and is put off', { ...cleanup, error });
        await cleanups.putOff(cleanup);
      }
    }
  }
}

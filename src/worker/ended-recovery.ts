import type { JobQueue } from '../jobs/job-queue.ts';
import type { JobRestoration } from '../jobs/job-restoration.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { JobState } from '../jobs/to-job.ts';
import type { Logger } from '../logger.ts';
import type { BlobStore } from '../uploads/blob-store.ts';
import type { EndedUpload } from '../uploads/ended-uploads.ts';
import type { Manifest } from '../uploads/manifest.ts';
import { queueAgain } from './queue-again.ts';

const A_READ = 200;

export interface EndedRecoveryServices {
  blobs: BlobStore;
  queue: JobQueue;
  restoration: JobRestoration;
  store: JobStore;
  logger: Logger;
}

/**
 * Keeps the promise of an acknowledgement for uploads whose jobs had ended when Redis lost its last writes: what
 * was completed or had failed runs once more under its id, what was cancelled is cancelled again.
 */
export class EndedRecovery {
  readonly #services: EndedRecoveryServices;
  readonly #keepMs: number;

  /** @param keepMs what ended longer ago is left alone: Redis may rightly have forgotten it */
  constructor(services: EndedRecoveryServices, keepMs: number) {
    this.#services = services;
    this.#keepMs = keepMs;
  }

  /** Compares with Redis whatever ended in another history than this one. Costs next to nothing when there is none. */
  async sweep(history: string, signal: AbortSignal): Promise<void> {
    const { blobs, store, logger } = this.#services;
    for await (const page of blobs.ended.ofOtherHistories(history, A_READ)) {
      signal.throwIfAborted();
      const states = await store.readAll(page.map(({ jobId }) => jobId));
      for (const [i, ended] of page.entries()) {
        try {
          if (await this.#restore(ended, states[i])) await blobs.ended.confirm(ended, history);
        } catch (error) {
          logger.error('what became of a job could not be restored', { job: ended.jobId, error });
        }
      }
    }
  }

  /** @returns whether the job has ended in the present history, too */
  async #restore(ended: EndedUpload, state: JobState | undefined): Promise<boolean> {
    const { blobs, logger } = this.#services;
    if (ended.ageMs > this.#keepMs) {
      await blobs.ended.remove(ended);
      return false;
    }
    const same = state?.status === ended.status || ended.status === 'cancelled';
    if (state?.terminal && same) return true;
    const manifest = await blobs.ended.read(ended);
    if (!manifest) {
      await blobs.ended.remove(ended);
      return false;
    }
    const { jobId: job, status } = ended;
    logger.warn('Redis has forgotten how a job ended', { job, status, known: state?.status });
    if (status === 'cancelled') {
      await this.#cancelAgain(manifest, state);
      return true;
    }
    // First the manifest: from then on the sweep of the manifests would queue the job, too.
    await blobs.ended.reopen(ended, manifest);
    await this.#runAgain(manifest, state);
    return false;
  }

  async #cancelAgain({ job_id, tenant, payload }: Manifest, state: JobState | undefined): Promise<void> {
    const { queue, restoration } = this.#services;
    if (state) await queue.cancel(job_id);
    else await restoration.restoreCancelled(job_id, tenant, payload);
  }

  async #runAgain(manifest: Manifest, state: JobState | undefined): Promise<void> {
    const { queue, store } = this.#services;
    const { job_id } = manifest;
    if (!state) await queueAgain(queue, manifest);
    // It is back at the end of an earlier run; one that has not ended runs anyway.
    else if (state.terminal) await queue.rerun(job_id, (await store.readUpload(job_id))?.run ?? 1);
  }
}

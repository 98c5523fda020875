import type { Job } from '../contract/job.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { JobState } from '../jobs/to-job.ts';
import type { Logger } from '../logger.ts';
import type { BlobStore } from '../uploads/blob-store.ts';
import type { End } from '../uploads/ended-uploads.ts';
import type { Manifest } from '../uploads/manifest.ts';
import { queueAgain } from './queue-again.ts';

/** How often the whole store is gone through: what it finds is rare, and every manifest costs a read. */
const INTERVAL_MS = 10_000;
const MANIFESTS_A_READ = 200;
/** An upload that has not been answered yet may have its manifest before its job: for as long as it waits for Redis. */
const MIN_AGE_MS = 10_000;

/** After a Redis that forgot came back, every upload under way is queued again within so long. */
export const RECOVERED_WITHIN_MS = MIN_AGE_MS + INTERVAL_MS;

/**
 * Keeps the promise of an acknowledgement when Redis does not: an upload whose manifest is there, but whose
 * job Redis no longer knows, is queued again under the same id.
 */
export class UploadRecovery {
  readonly #blobs: BlobStore;
  readonly #queue: JobQueue;
  readonly #store: JobStore;
  readonly #logger: Logger;
  #nextAt = 0;

  constructor(services: { blobs: BlobStore; queue: JobQueue; store: JobStore; logger: Logger }) {
    this.#blobs = services.blobs;
    this.#queue = services.queue;
    this.#store = services.store;
    this.#logger = services.logger;
  }

  /** Goes through all manifests, unless that was done a moment ago. */
  async sweep(signal: AbortSignal): Promise<void> {
    if (performance.now() < this.#nextAt) return;
    for await (const manifests of this.#blobs.manifests(MANIFESTS_A_READ, MIN_AGE_MS)) {
      signal.throwIfAborted();
      const active: string[] = [];
      const states = await this.#store.readAll(manifests.map(({ job_id }) => job_id));
      for (const [i, manifest] of manifests.entries()) {
        const state = states[i];
        const { job_id: job } = manifest;
        if (!state) {
          this.#logger.warn('Redis has forgotten an upload: it is queued again', { job });
          await queueAgain(this.#queue, manifest);
        } else if (state.terminal) {
          await this.#finish(manifest, state);
        } else {
          active.push(job);
        }
      }
      await this.#queue.activate(active);
    }
    this.#nextAt = performance.now() + INTERVAL_MS;
  }

  /** A manifest whose job has ended: its worker was lost between the two, or it had none; or a retry was forgotten. */
  async #finish({ job_id: job, payload, run: promised = 1 }: Manifest, state: JobState): Promise<void> {
    const { ended } = this.#blobs;
    const { run } = JSON.parse(state.json) as Job;
    // What was noted since the retry was promised is how that ended.
    if (run < promised && state.status !== 'completed' && !(await ended.has(job))) {
      this.#logger.warn('Redis has forgotten that a job was to run again', { job, run: promised });
      await this.#queue.rerun(job, run);
      return;
    }
    // The manifest goes last: by it the rest is found.
    await this.#blobs.removeCheckpoint(payload.file_key);
    await ended.keep(payload.file_key, job, state.status as End, state.history);
  }
}

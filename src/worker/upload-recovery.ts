import type { JobQueue } from '../jobs/job-queue.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { Logger } from '../logger.ts';
import type { BlobStore } from '../uploads/blob-store.ts';
import type { End } from '../uploads/ended-uploads.ts';

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
      for (const [i, { job_id, tenant, payload }] of manifests.entries()) {
        const state = states[i];
        if (!state) {
          this.#logger.warn('Redis has forgotten an upload: it is queued again', { job: job_id });
          await this.#queue.enqueue(job_id, tenant, payload);
        } else if (state.terminal) {
          // Its worker was lost between the two, or it had none. The manifest goes last: by it the rest is found.
          await this.#blobs.removeCheckpoint(payload.file_key);
          await this.#blobs.ended.keep(payload.file_key, job_id, state.status as End, state.history);
        } else {
          active.push(job_id);
        }
      }
      await this.#queue.activate(active);
    }
    this.#nextAt = performance.now() + INTERVAL_MS;
  }
}

import { basename } from 'node:path';

import type { DocumentRegistry } from '../documents/registry.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { Logger } from '../logger.ts';
import type { BlobStore } from '../uploads/blob-store.ts';

const INTERVAL_MS = 60 * 60 * 1000;
/** A Redis that was restored from an older copy may learn of a blob again. */
export const MIN_AGE_MS = 24 * 60 * 60 * 1000;

/**
 * Removes blobs that belong to nobody: of uploads that were cut off, and of jobs that have expired; and what was
 * kept of how jobs ended.
 */
export class BlobSweep {
  readonly #blobs: BlobStore;
  readonly #store: JobStore;
  readonly #registry: DocumentRegistry;
  readonly #logger: Logger;
  readonly #keepEndedMs: number;
  #nextAt = 0;

  constructor(
    services: { blobs: BlobStore; store: JobStore; registry: DocumentRegistry; logger: Logger },
    keepEndedMs: number,
  ) {
    this.#keepEndedMs = keepEndedMs;
    this.#blobs = services.blobs;
    this.#store = services.store;
    this.#registry = services.registry;
    this.#logger = services.logger;
  }

  /** Goes through the whole store, unless that was done within the hour. */
  async sweep(signal: AbortSignal): Promise<void> {
    if (performance.now() < this.#nextAt) return;
    await this.#blobs.ended.removeOlder(this.#keepEndedMs);
    for await (const key of this.#blobs.keys(MIN_AGE_MS)) {
      signal.throwIfAborted();
      const id = basename(key);
      if ((await this.#store.read(id)) || (await this.#registry.ownsFile(id, key))) continue;
      // A promise that Redis has forgotten: its job will be back.
      if ((await this.#blobs.isAwaited(key)) || (await this.#blobs.ended.has(id))) continue;
      await this.#blobs.remove(key);
      this.#logger.info('removed a file that belonged to no job and no document', { key });
    }
    this.#nextAt = performance.now() + INTERVAL_MS;
  }
}

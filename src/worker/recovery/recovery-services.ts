import type { DocumentRegistry } from '../../documents/registry.ts';
import type { EpochTracker } from '../../jobs/reads/epoch-tracker.ts';
import type { JobStore } from '../../jobs/reads/job-store.ts';
import type { JobQueue } from '../../jobs/transitions/job-queue.ts';
import type { Tombstones } from '../../jobs/transitions/tombstones.ts';
import type { Logger } from '../../logging/logger.ts';
import type { BlobStore } from '../../blobs/blob-store.ts';

/** Stores that recoveries and sweeps compare and repair. */
export interface RecoveryServices {
  blobs: BlobStore;
  queue: JobQueue;
  store: JobStore;
  registry: DocumentRegistry;
  tombstones: Tombstones;
  epochs: EpochTracker;
  logger: Logger;
}

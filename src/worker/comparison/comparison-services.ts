import type { Redis } from 'ioredis';

import type { ChunkCounts } from '../../documents/chunk-counts.ts';
import type { ReindexServices } from '../../documents/reindex-document.ts';
import type { VectorStore } from '../../documents/vector-store.ts';
import type { CleanupLog } from '../../jobs/transitions/cleanup-log.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Keys } from '../../redis/keys.ts';

/** Stores that a comparison reads and repairs. */
export interface ComparisonServices extends ReindexServices {
  /** The worker's connection. */
  redis: Redis;
  keys: Keys;
  vectors: Pick<VectorStore, 'countCollection' | 'countStored' | 'generations'>;
  counts: ChunkCounts;
  cleanups: CleanupLog;
  logger: Logger;
}

/** A worker's turn to compare Chroma with Redis. */
export interface Turn {
  /** Epoch in which it began. */
  readonly epoch: string;
  readonly signal: AbortSignal;
  /** Extends the turn. MUST be called before each call to Chroma. @returns false once the epoch has ended */
  keep(): Promise<boolean>;
}

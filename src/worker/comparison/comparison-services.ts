import type { Redis } from 'ioredis';

import type { ChunkCounts } from '../../documents/chunk-counts.ts';
import type { ReindexServices } from '../../documents/reindex-document.ts';
import type { VectorStore } from '../../documents/vector-store.ts';
import type { CleanupLog } from '../../jobs/transitions/cleanup-log.ts';
import type { KeywordIndex } from '../../keywords-client/keyword-index.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Keys } from '../../redis/keys.ts';

/** Stores that a comparison reads and repairs. */
export interface ComparisonServices extends ReindexServices {
  /** The worker's connection. */
  redis: Redis;
  keys: Keys;
  vectors: Pick<VectorStore, 'countCollection' | 'countStored' | 'generations' | 'find'>;
  keywords: Pick<KeywordIndex, 'collections' | 'countStored' | 'generations' | 'markComplete' | 'upsert'>;
  counts: ChunkCounts;
  cleanups: CleanupLog;
  logger: Logger;
}

/** A worker's turn to compare the stores of chunks with Redis. */
export interface Turn {
  /** Epoch in which it began. */
  readonly epoch: string;
  readonly signal: AbortSignal;
  /** Extends the turn. MUST be called before each call to a store. @returns false once the epoch has ended */
  keep(): Promise<boolean>;
}

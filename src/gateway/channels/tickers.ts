import type { BatchView } from '../../contract/batches/batch.ts';
import type { Stats } from '../../contract/jobs.ts';
import type { Logger } from '../../logging/logger.ts';
import { BatchTicker } from './batch-ticker.ts';
import { StatsTicker } from './stats-ticker.ts';

/** Reads of the channels that poll for all their watchers. */
export interface ChannelReads {
  readStats: () => Promise<Stats>;
  readBatch: (tenant: string, batch: string) => Promise<BatchView | undefined>;
}

/** Creates what all sessions of a node share to watch these channels. */
export function createTickers({ readStats, readBatch }: ChannelReads, logger: Logger) {
  return { stats: new StatsTicker(readStats, logger), batches: new BatchTicker(readBatch, logger) };
}

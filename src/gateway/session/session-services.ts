import type { Access } from '../../access/access.ts';
import type { JobFeed } from '../../jobs/feed/job-feed.ts';
import type { Logger } from '../../logging/logger.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import type { BatchTicker } from '../channels/batch-ticker.ts';
import type { StatsTicker } from '../channels/stats-ticker.ts';
import type { Flusher } from '../speed/flusher.ts';
import type { Session } from './session.ts';

/** What every session of a gateway shares. */
export interface SessionServices {
  access: Access;
  feed: JobFeed;
  metrics: GatewayMetrics;
  logger: Logger;
  heartbeatMs: number;
  flusher: Flusher;
  stats: StatsTicker;
  batches: BatchTicker;
  /** Called at a session's end with its close code. */
  onEnd(session: Session, code: number): void;
}

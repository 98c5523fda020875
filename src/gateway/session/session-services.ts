import type { Access } from '../../access/access.ts';
import type { Stats } from '../../contract/jobs.ts';
import type { JobFeed } from '../../jobs/feed/job-feed.ts';
import type { Logger } from '../../logging/logger.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import type { Ticker } from '../channels/ticker.ts';
import type { BatchTickers } from '../channels/tickers.ts';
import type { Flusher } from '../speed/flusher.ts';
import type { Session } from './session.ts';

/** Services that the sessions of a gateway share. */
export interface SessionServices {
  access: Access;
  feed: JobFeed;
  metrics: GatewayMetrics;
  logger: Logger;
  heartbeatMs: number;
  flusher: Flusher;
  stats: Ticker<Stats>;
  batches: BatchTickers;
  /** Called at a session's end with its close code. */
  onEnd(session: Session, code: number): void;
}

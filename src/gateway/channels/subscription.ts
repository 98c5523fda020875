import type { Stats } from '../../contract/jobs.ts';
import type { JobFeed } from '../../jobs/feed/job-feed.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Watched } from '../session/rights.ts';
import type { Ticker } from './ticker.ts';
import type { BatchTickers } from './tickers.ts';
import type { Joined } from './joining.ts';

/** Number of jobs that a channel counts as, because it holds an id of each job that it has announced. */
export const CHANNEL_WEIGHT = 1000;

/** One client's interest. */
export interface Subscription {
  /**
   * Reads and sends the first states. Updates flow afterwards.
   * @returns the ids without a job, which stay watched; `undefined` if the feed is stale, and the caller must retry
   */
  join(): Promise<string[] | undefined>;
  covers(jobId: string): boolean;
  /** Lists the jobs that it covers now. */
  jobs(): Iterable<string>;
  /** Target, as the client named it. */
  readonly watched: Watched;
  /** Number of jobs that it counts as. */
  readonly weight: number;
  end(): void;
}

/** Services of its session and node that a subscription uses. */
export interface ChannelServices {
  feed: JobFeed;
  stats: Ticker<Stats>;
  batches: BatchTickers;
  outbox: Outbox;
  listener: LossListener;
}

/** Called for a job that Redis lost before its watcher was told of its end. */
export interface LossListener {
  onLost(subscription: number, jobId: string): void;
}

/** Sends a snapshot of the states that the client may lack. Notes the others, so that none is sent again. */
export function sendNews(outbox: Outbox, id: number, { states, resumed, isNews }: Joined): void {
  const news: JobState[] = [];
  for (const state of states.values()) {
    if (isNews(state.id)) news.push(state);
    else outbox.has(state.id, state.version);
  }
  outbox.snapshot(id, news, resumed);
}

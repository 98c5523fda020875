import type { BatchView } from '../../../src/contract/batches/batch.ts';
import type { Job } from '../../../src/contract/job.ts';
import type { Stats } from '../../../src/contract/jobs.ts';

/** Place in an epoch up to which a subscription has heard everything. */
export interface Cursor {
  epoch: string;
  offset: number;
}

/** Fields of a `subscribe` message that name a channel. */
export type ChannelFields =
  | { channel: 'active' }
  | { channel: 'jobs'; collection?: string; status?: string[]; recent?: number }
  | { channel: 'batch'; batch: string }
  | { channel: 'stats' };

/** A read that stands in for a channel while no push brings it. */
export interface Poll {
  path: string;
  /** Takes the response. @returns the next read of the same poll, if it is in pages */
  take: (body: unknown, epoch: string) => Poll | undefined;
  /** The key does not allow the read. */
  refuse: (code: string, detail: string) => void;
}

/** A watched channel: many jobs, the counters of a batch, or statistics. */
export interface Channel {
  readonly fields: ChannelFields;
  /** Place up to which the client has heard everything. */
  cursor: Cursor | undefined;
  /** Begins a poll. */
  poll(): Poll;
  onState(job: Job): void;
  /** A snapshot follows. */
  onSubscribed(): void;
  /** A page of a snapshot. @param resumed true if it holds only changes since the cursor */
  onSnapshot(jobs: readonly Job[], more: boolean, resumed: boolean): void;
  onGone(ids: readonly string[]): void;
  onLookedUp(id: string, job: Job | undefined): void;
  onBatch(batch: BatchView): void;
  onStats(stats: Stats): void;
  /** The server refused the subscription. */
  onRefused(code: string, detail: string): void;
}

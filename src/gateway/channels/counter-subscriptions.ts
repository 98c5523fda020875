import type { BatchView } from '../../contract/batches/batch.ts';
import type { Stats } from '../../contract/jobs.ts';
import type { Watched } from '../session/rights.ts';
import type { ChannelServices, Subscription } from './subscription.ts';

const NO_BATCH = 'There is no such batch now. The subscription tells its counters once it has a job.';

/** Watches the counters of a batch. A client that does not read gets the latest ones when it reads again. */
export function watchBatch(
  tenant: string,
  id: number,
  batch: string,
  { batches, outbox }: ChannelServices,
): Subscription {
  const tell = (view: BatchView | undefined) => {
    if (view) outbox.send({ batchFor: id, batch: view });
    else outbox.send({ type: 'error', id, code: 'batch_not_found', detail: NO_BATCH });
  };
  batches.watch(tenant, batch, tell);
  return withoutJobs({ channel: 'batch' }, () => batches.unwatch(tenant, batch, tell));
}

/** Watches the statistics of the queue. A client that does not read gets the latest ones when it reads again. */
export function watchStats(id: number, { stats, outbox }: ChannelServices): Subscription {
  const tell = (latest: Stats) => outbox.send({ type: 'stats', id, stats: latest });
  stats.watch(tell);
  return withoutJobs({ channel: 'stats' }, () => stats.unwatch(tell));
}

/** Makes a subscription that covers no job, and has no snapshot. */
function withoutJobs(watched: Watched, end: () => void): Subscription {
  return { watched, weight: 0, join: async () => [], covers: () => false, jobs: () => [], end };
}

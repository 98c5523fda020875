import type { Redis } from 'ioredis';

import { within } from '../deadline.ts';
import type { Installation } from '../installation/installation.ts';
import { listenForCancellations } from '../jobs/feed/cancellations.ts';
import type { Keys } from '../redis/keys.ts';
import { Availability } from './claim/availability.ts';
import { ClaimLoop } from './claim/claim-loop.ts';
import { runJob, type RunnerServices } from './run/job-runner.ts';
import { LeaseKeeper } from './claim/lease-keeper.ts';
import { Reconciler, type ReconcilerServices } from './recovery/reconciler.ts';
import { GiveBackError } from './run/retry-policy.ts';
import { Sweeper, type SweeperServices } from './recovery/sweeper.ts';
import { RECOVERED_WITHIN_MS } from './recovery/upload-recovery.ts';

/** Longest wait for Redis at the end, in ms. The end of the leases repairs what Redis did not hear. */
const LAST_WORD_MS = 2000;

export interface WorkerServices
  extends Omit<RunnerServices, 'leases' | 'availability' | 'freeSlot'>, SweeperServices, ReconcilerServices {
  keys: Keys;
  installation: Installation;
  /** Two connections of the worker's own: one blocks, one is subscribed. It closes both. */
  waiter: Redis;
  subscriber: Redis;
}

export interface WorkerOptions {
  /** Number of jobs that are parsed and embedded at once. */
  concurrency: number;
  leaseMs: number;
  /** Time in ms that running jobs get once the worker must stop. */
  drainMs: number;
}

/**
 * Claims jobs and runs them.
 * @returns `close`, which stops claiming, lets running jobs finish for `drainMs`, and gives the rest back
 */
export async function startWorker(
  services: WorkerServices,
  { concurrency, leaseMs, drainMs }: WorkerOptions,
): Promise<{ close(): Promise<void> }> {
  const { queue, keys, waiter, subscriber, installation, logger } = services;
  const draining = new AbortController();
  const availability = new Availability();
  holdWhileUnconfirmed(installation, availability);
  const leases = new LeaseKeeper(queue, leaseMs, logger);
  await listenForCancellations(subscriber, keys, (jobId) => leases.ask(jobId));
  const reconciler = new Reconciler(services, availability, leaseMs, leaseMs + RECOVERED_WITHIN_MS);
  const sweeper = new Sweeper(services, leaseMs);
  const loop = new ClaimLoop(
    { queue, waiter, queueKey: keys.queue, slots: concurrency, availability, logger },
    async (job, freeSlot) => {
      try {
        const giveBack = AbortSignal.any([draining.signal, installation.untilRefused]);
        await runJob(job, { ...services, leases, availability, freeSlot }, giveBack);
      } catch (error) {
        // The end of the lease requeues the job.
        logger.error('a job could not be settled', { job: job.id, error });
      }
    },
  );
  return {
    async close() {
      const timer = setTimeout(() => draining.abort(new GiveBackError('the worker is draining')), drainMs);
      await within(drainMs + LAST_WORD_MS, loop.stop());
      clearTimeout(timer);
      leases.close();
      await within(LAST_WORD_MS, Promise.all([sweeper.close(), reconciler.close()]));
      subscriber.disconnect();
    },
  };
}

/** Blocks claims until the installation is confirmed. */
function holdWhileUnconfirmed(installation: Installation, availability: Availability): void {
  let resume = availability.wait();
  const follow = () => {
    resume();
    if (!installation.confirmed) resume = availability.wait();
  };
  installation.onChange(follow);
  follow();
}

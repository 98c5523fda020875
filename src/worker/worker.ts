import type { Redis } from 'ioredis';

import type { CleanupLog } from '../jobs/cleanup-log.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import { ClaimLoop } from './claim-loop.ts';
import { DrainingError, runJob } from './job-runner.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { PipelineServices } from './pipeline.ts';
import { Sweeper } from './sweeper.ts';

export interface WorkerOptions {
  /** How many jobs run at once. */
  concurrency: number;
  leaseMs: number;
  /** How long running jobs may go on once the worker is to stop. */
  drainMs: number;
}

/**
 * Starts claiming jobs and running them.
 * @param services what the worker needs; `waiter` is a connection of its own, which it closes
 * @returns `close` claims nothing more, lets running jobs finish for `drainMs`, and gives the rest back
 */
export function startWorker(
  services: PipelineServices & {
    queue: JobQueue;
    cleanups: CleanupLog;
    waiter: Redis;
    queueKey: string;
  },
  { concurrency, leaseMs, drainMs }: WorkerOptions,
): { close(): Promise<void> } {
  const { queue, waiter, queueKey, logger } = services;
  const draining = new AbortController();
  const leases = new LeaseKeeper(queue, leaseMs, logger);
  const sweeper = new Sweeper(services, leaseMs);
  const loop = new ClaimLoop({ queue, waiter, queueKey, slots: concurrency, logger }, async (job) => {
    try {
      await runJob(job, { ...services, leases }, draining.signal);
    } catch (error) {
      // The lease's end brings the job back.
      logger.error('a job could not be settled', { job: job.id, error });
    }
  });
  return {
    async close() {
      const timer = setTimeout(() => draining.abort(new DrainingError('the worker is draining')), drainMs);
      await loop.stop();
      clearTimeout(timer);
      leases.close();
      await sweeper.close();
    },
  };
}

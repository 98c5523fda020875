import { randomUUID } from 'node:crypto';

import { JobFeed } from '../../../src/jobs/feed/job-feed.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import type { JobState } from '../../../src/jobs/model/job-view.ts';
import { createLogger } from '../../../src/logging/logger.ts';
import { connectRedis } from '../../../src/redis/connection.ts';
import { createKeys, DEFAULT_TENANT } from '../../../src/redis/keys.ts';
import { Availability } from '../../../src/worker/claim/availability.ts';
import { ClaimLoop } from '../../../src/worker/claim/claim-loop.ts';
import { serveSide } from './side.ts';
import { PAYLOAD, REPORTS } from './workload.ts';

/** Sluice's side: its queue, claim loop and feed as they are, around a pipeline that does nothing. */

const keys = createKeys();
const logger = createLogger('bench');
/** The version that a job has when it is claimed: what comes after it are its reports. */
const CLAIMED = 2;
const options = { leaseMs: 30_000, maxRetries: 3, maxStalls: 10, ttlSeconds: 7 * 24 * 60 * 60 };

serveSide({
  async openWeb(url, { progress, completed }) {
    const redis = connectRedis(url, 'main', 'bounded', logger);
    const queue = new JobQueue(redis, keys, options);
    const feed = new JobFeed(() => connectRedis(url, 'feed', 'retrying', logger), redis, {
      store: new JobStore(redis, keys),
      keys,
      logger,
    });
    const watcher = {
      tenant: 'default',
      onState(state: JobState) {
        if (state.status === 'completed') completed(state.id);
        else if (state.version > CLAIMED) progress();
      },
      onForgotten() {},
    };
    feed.watchAll(watcher, () => []);
    await new Promise<void>((resolve) => feed.observe({ onStale() {}, onLive: () => resolve() }));
    return {
      async enqueue() {
        const id = randomUUID();
        await queue.enqueue(id, DEFAULT_TENANT, PAYLOAD);
        return id;
      },
      async close() {
        feed.close();
        redis.disconnect();
      },
    };
  },

  async openWorker(url, slots, reporting, started) {
    const redis = connectRedis(url, 'worker', 'retrying', logger);
    const waiter = connectRedis(url, 'waiter', 'retrying', logger);
    await Promise.all([redis.ping(), waiter.ping()]);
    const queue = new JobQueue(redis, keys, options);
    const run = async (job: ClaimedJob) => {
      started(job.id);
      if (!job.work.ok) throw new Error(job.work.detail);
      const { filename, collection, metadata } = job.work.payload;
      if (reporting === 'at once') await Promise.all(REPORTS.map((report) => queue.progress(job, report)));
      else for (const report of REPORTS) await queue.progress(job, report);
      await queue.complete(job, {
        documentId: job.id,
        tenant: DEFAULT_TENANT,
        collection,
        chunkCount: 12,
        fields: { filename, collection, metadata: JSON.stringify(metadata) },
      });
    };
    let loop: ClaimLoop | undefined;
    return {
      start() {
        loop = new ClaimLoop(
          { queue, waiter, queueKey: keys.queue, slots, availability: new Availability(), logger },
          run,
        );
      },
      async close() {
        await loop?.stop();
        redis.disconnect();
      },
    };
  },
});

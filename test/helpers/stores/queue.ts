import { beforeAll, beforeEach, expect } from 'vitest';

import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import type { Job } from '../../../src/contract/job.ts';
import type { TestRedis } from '../servers/redis.ts';
import { useRedis } from '../servers/use.ts';

export const LEASE_MS = 400;

export const keys = createKeys();

export const options = { leaseMs: LEASE_MS, maxRetries: 3, maxStalls: 2, ttlSeconds: 100 };

export const payload: JobPayload = {
  filename: 'a.pdf',
  file_size: 3,
  collection: 'papers',
  chunking_strategy: 'sentence',
  chunk_size: 512,
  chunk_overlap: 50,
  file_key: 'default/a',
  metadata: {},
};

export let redis: TestRedis;

export let queue: JobQueue;

export let store: JobStore;

/** Registers a Redis and a queue for a file; each test begins with an empty one. */
export function useQueue(): void {
  redis = useRedis();
  beforeAll(() => {
    queue = new JobQueue(redis.client, keys, options);
    store = new JobStore(redis.client, keys);
  });
  beforeEach(() => redis.client.flushall());
}

export async function job(id: string): Promise<Job> {
  return JSON.parse((await store.read('default', id))?.json ?? 'null') as Job;
}

/** Says that a worker has repeated what Redis lost. Before, no upload completes at once. */
export async function recovered(): Promise<void> {
  const { epoch } = await store.epochs.open();
  await store.epochs.noteRecovered(epoch);
}

export async function claimOne() {
  const { jobs } = await queue.claim(1);
  expect(jobs).toHaveLength(1);
  return jobs[0]!;
}

/**
 * Looks for leases that have ended, as a worker does, until so many have; meanwhile these are renewed.
 * @returns what became of their jobs
 */
export async function leasesEnd(count: number, renewed: ClaimedJob[] = []) {
  const ended = { requeued: 0, failed: 0 };
  while (ended.requeued + ended.failed < count) {
    await new Promise((resolve) => setTimeout(resolve, LEASE_MS / 8));
    await queue.renew(renewed);
    const { requeued, failed } = await queue.expireLeases();
    ended.requeued += requeued;
    ended.failed += failed;
  }
  return ended;
}

export const document = {
  documentId: 'a',
  tenant: 'default',
  collection: 'papers',
  chunkCount: 2,
  fields: { filename: 'a.pdf' },
};

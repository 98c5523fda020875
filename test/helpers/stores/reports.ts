import { beforeEach } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import type { CompletedDocument } from '../../../src/jobs/transitions/job-reports.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { type JobHash } from '../../../src/jobs/model/job-view.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { publishedJobs } from '../responses/published-jobs.ts';
import type { TestRedis } from '../servers/redis.ts';
import { useRedis } from '../servers/use.ts';
import { recordScripts } from './replay.ts';

export const keys = createKeys();

export const payload: JobPayload = {
  filename: 'a.pdf',
  collection: 'papers',
  chunking_strategy: 'sentence',
  chunk_size: 512,
  chunk_overlap: 50,
  file_key: 'default/a',
  metadata: {},
};

export const report = (progress: number, message = `at ${progress}`) =>
  ({ progress, message, stage: 'embed', counts: { chunks_done: progress } }) as const;

export let redis: TestRedis;

export let recorded: ReturnType<typeof recordScripts>;

export let queue: JobQueue;

/** Registers a Redis for a file, and for each test an empty one with a queue that records its calls. */
export function useReports(): void {
  redis = useRedis();
  beforeEach(async () => {
    await redis.client.flushall();
    recorded = recordScripts(redis.client);
    queue = new JobQueue(recorded.client, keys, {
      leaseMs: 30_000,
      maxRetries: 3,
      maxStalls: 2,
      ttlSeconds: 100,
    });
  });
}

export async function job(id: string): Promise<Job> {
  return JSON.parse((await new JobStore(redis.client, keys).read('default', id))?.json ?? 'null') as Job;
}

export async function claim(...ids: string[]): Promise<ClaimedJob[]> {
  for (const id of ids) await queue.enqueue(id, 'default', payload);
  return (await queue.claim(ids.length)).jobs;
}

export function documentOf({ id }: { id: string }): CompletedDocument {
  const fields = { filename: 'a.pdf', collection: 'papers' };
  return { documentId: id, tenant: 'default', collection: 'papers', chunkCount: 2, fields };
}

/** Hears every event from now on, by job. */
export async function listen() {
  const subscriber = redis.client.duplicate();
  const events: { message: number; offset: number; id: string; told: string; version: string }[] = [];
  let messages = 0;
  const hashes: JobHash[] = [];
  subscriber.on('pmessage', (_pattern, channel, message: string) => {
    messages++;
    for (const [i, { offset, hash }] of publishedJobs(message).entries()) {
      hashes.push(hash);
      const { status, progress, version = '' } = hash;
      // The channel names the first job.
      const id = (i === 0 ? channel.split(':')[1] : hash['id']) as string;
      events.push({ message: messages, offset, id, told: `${status} ${progress}`, version });
    }
  });
  await subscriber.psubscribe(keys.allEvents);
  return { events, hashes, close: () => subscriber.disconnect() };
}

export const everything = async (ids: readonly string[]) =>
  Promise.all([
    ...ids.flatMap((id) => [redis.client.hgetall(keys.job(id)), redis.client.hgetall(keys.document(id))]),
    redis.client.get(keys.offset),
    redis.client.hgetall(keys.outcomes),
    redis.client.lrange(keys.durations, 0, -1),
    redis.client.zrange(keys.cleanup, '0', '-1'),
  ]);

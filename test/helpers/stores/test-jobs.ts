import type { Redis } from 'ioredis';

import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { createKeys } from '../../../src/redis/keys.ts';

const OPTIONS = { leaseMs: 60_000, maxRetries: 3, maxStalls: 10, ttlSeconds: 100 };
const PAYLOAD = { filename: 'a.pdf', collection: 'papers', file_key: 'default/a' } as JobPayload;

/** Takes jobs through their lives as api and worker do, without either. */
export class TestJobs {
  readonly #redis: { readonly client: Redis };
  #queue: JobQueue | undefined;

  /** @param redis a fixture may start it later */
  constructor(redis: { readonly client: Redis }) {
    this.#redis = redis;
  }

  get queue(): JobQueue {
    return (this.#queue ??= new JobQueue(this.#redis.client, createKeys(), OPTIONS));
  }

  /** Makes queued jobs, and claims none. */
  async enqueue(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.queue.enqueue(id, 'default', PAYLOAD)));
  }

  /** Makes a job and claims it. Nothing else may be queued: here as below. */
  async claim(id: string): Promise<ClaimedJob> {
    return (await this.claimAll([id]))[0]!;
  }

  async claimAll(ids: readonly string[]): Promise<ClaimedJob[]> {
    await this.enqueue(ids);
    const claimed: ClaimedJob[] = [];
    while (claimed.length < ids.length)
      claimed.push(...(await this.queue.claim(ids.length - claimed.length)).jobs);
    return claimed;
  }

  async step(job: ClaimedJob, progress: number, message = `at ${progress}`): Promise<void> {
    await this.queue.progress(job, { progress, message, stage: 'embed', counts: {} });
  }

  async complete(job: ClaimedJob): Promise<void> {
    const { id } = job;
    const document = {
      documentId: id,
      tenant: 'default',
      collection: 'papers',
      chunkCount: 1,
      fields: { id },
    };
    await this.queue.complete(job, document);
  }

  async fail(job: ClaimedJob): Promise<void> {
    await this.queue.fail(job, { message: 'Parsing failed', error: 'x', errorCode: 'corrupt' });
  }
}

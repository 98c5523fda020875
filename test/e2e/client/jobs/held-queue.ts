import { Redis } from 'ioredis';

import type { FailureCode } from '../../../../src/errors.ts';
import type { ClaimedJob } from '../../../../src/jobs/model/claimed-job.ts';
import type { JobQueue } from '../../../../src/jobs/transitions/job-queue.ts';
import type { TestSluice } from '../../../helpers/servers/sluice.ts';
import { TestJobs } from '../../../helpers/stores/test-jobs.ts';

/** A Sluice whose worker stands still. A test takes the jobs through their lives in its place. */
export class HeldQueue implements AsyncDisposable {
  readonly #sluice: TestSluice;
  readonly #worker: number;
  readonly #client: Redis;
  readonly queue: JobQueue;

  private constructor(sluice: TestSluice, worker: number, client: Redis) {
    this.#sluice = sluice;
    this.#worker = worker;
    this.#client = client;
    this.queue = new TestJobs({ client }).queue;
  }

  static async start(sluice: TestSluice): Promise<HeldQueue> {
    const worker = await sluice.rolePid('worker');
    process.kill(worker, 'SIGSTOP');
    return new HeldQueue(sluice, worker, new Redis(sluice.redisUrl));
  }

  /** Uploads a text. @returns the id of its job */
  async upload(filename: string, fields: Record<string, string> = {}): Promise<string> {
    const file = new File([`${filename} says something of its own.`], filename);
    return (await this.#sluice.upload(file, { on_duplicate: 'keep', ...fields })).job_id;
  }

  /** Claims all queued jobs. */
  async claimAll(): Promise<ClaimedJob[]> {
    const claimed: ClaimedJob[] = [];
    for (;;) {
      const { jobs } = await this.queue.claim(50);
      if (jobs.length === 0) return claimed;
      claimed.push(...jobs);
    }
  }

  /** Uploads a text whose job fails. No other job may be queued. @returns the id of its job */
  async failed(
    filename: string,
    errorCode: FailureCode,
    fields: Record<string, string> = {},
  ): Promise<string> {
    const id = await this.upload(filename, fields);
    for (const claimed of await this.claimAll())
      await this.queue.fail(claimed, { message: 'Parsing failed', error: 'as the test wants it', errorCode });
    return id;
  }

  /** Lets the worker go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    process.kill(this.#worker, 'SIGCONT');
    await this.#client.quit();
  }
}

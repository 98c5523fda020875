import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';

import type { Counts, JobStatus, Stage } from '../contract/job.ts';
import type { Keys } from '../redis/keys.ts';
import type { JobPayload } from './job-payload.ts';
import { loadScripts, type RunScript } from './scripts.ts';
import { fromFlat, type JobHash } from './to-job.ts';

/** A worker's hold on a job. Every write carries the token and is refused once another holds the job. */
export interface Claim {
  readonly id: string;
  readonly token: string;
}

/** A job as it was granted to a worker. */
export interface ClaimedJob extends Claim {
  readonly hash: JobHash;
}

export interface ProgressReport {
  progress: number;
  message: string;
  stage: Stage;
  counts: Counts;
}

/** What `complete` registers: the document's stored fields, beside those that the script itself sets. */
export interface CompletedDocument {
  documentId: string;
  tenant: string;
  collection: string;
  chunkCount: number;
  fields: Record<string, string>;
}

export interface QueueOptions {
  leaseMs: number;
  maxRetries: number;
  /** A job that has cost more workers than this fails. */
  maxStalls: number;
}

/**
 * Every transition a job can make; nothing else writes a job. Each is one atomic, replay-safe script
 * (`lua/`, whose headers state keys, arguments and results). Methods that take a claim answer whether the
 * caller still held it: `false` means that nothing was written.
 */
export class JobQueue {
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #options: QueueOptions;

  constructor(redis: Redis, keys: Keys, options: QueueOptions) {
    this.#run = loadScripts(redis);
    this.#keys = keys;
    this.#options = options;
  }

  /**
   * Makes a job and queues it; a job that exists already is left as it is.
   * @returns the job's status and when it was created
   */
  async enqueue(
    id: string,
    tenant: string,
    payload: JobPayload,
  ): Promise<{ status: JobStatus; createdAt: string }> {
    const { job, queue, active, sequence, history } = this.#keys;
    const keys = [job(id), queue, active, sequence, history];
    const args = [id, tenant, JSON.stringify(payload), this.#options.maxRetries];
    const [status, createdAt] = (await this.#run('enqueue', keys, args)) as [JobStatus, string];
    return { status, createdAt };
  }

  /**
   * Takes up to `count` waiting jobs.
   * @returns the jobs, and in how many milliseconds something not yet in the queue may become ready
   */
  async claim(count: number): Promise<{ jobs: ClaimedJob[]; nextMs: number | undefined }> {
    const { queue, leases, active, delayed, limbo, sequence, history, grant, jobPrefix } = this.#keys;
    const nonce = randomBytes(9).toString('base64url');
    const keys = [queue, leases, active, delayed, limbo, sequence, history, grant(nonce)];
    const args = [jobPrefix, count, nonce, this.#options.leaseMs, this.#options.maxRetries];
    const [grants, nextMs] = (await this.#run('claim', keys, args)) as [string, number];
    const jobs = (JSON.parse(grants) as [string, string, string[]][]).map(([id, token, flat]) => ({
      id,
      token,
      hash: fromFlat(flat),
    }));
    return { jobs, nextMs: nextMs < 0 ? undefined : nextMs };
  }

  /**
   * Renews the leases of all given claims in one call.
   * @returns the ids that are no longer held
   */
  async renew(claims: readonly Claim[]): Promise<string[]> {
    const args = [
      this.#keys.jobPrefix,
      this.#options.leaseMs,
      ...claims.flatMap(({ id, token }) => [id, token]),
    ];
    return (await this.#run('renew', [this.#keys.leases], args)) as string[];
  }

  /** Reports how far the job has come. */
  async progress(claim: Claim, report: ProgressReport): Promise<boolean> {
    const { job, sequence, history } = this.#keys;
    const counts = Object.entries(report.counts).flatMap(([name, count]) =>
      count === undefined ? [] : [name, count],
    );
    const args = [claim.token, report.progress, report.message, report.stage, ...counts];
    return (await this.#run('progress', [job(claim.id), sequence, history], args)) === 1;
  }

  /** Settles the job as completed, and makes the claim's generation of its document the live one. */
  async complete(claim: Claim, document: CompletedDocument): Promise<boolean> {
    const { documentId, tenant, collection, chunkCount, fields } = document;
    const keys = [
      ...this.#settleKeys(claim.id),
      this.#keys.document(documentId),
      this.#keys.documents(tenant),
      this.#keys.documentsIn(tenant, collection),
    ];
    const args = [
      claim.id,
      claim.token,
      documentId,
      collection,
      chunkCount,
      ...Object.entries(fields).flat(),
    ];
    return (await this.#run('complete', keys, args)) === 1;
  }

  /** Settles the job as failed: `message` says where, `error` why, `errorCode` for programs. */
  async fail(claim: Claim, failure: { message: string; error: string; errorCode: string }): Promise<boolean> {
    const args = [claim.id, claim.token, failure.message, failure.error, failure.errorCode];
    return (await this.#run('fail', this.#settleKeys(claim.id), args)) === 1;
  }

  /** Gives the job another try in `delayMs`, counted as one of its retries. */
  async retry(
    claim: Claim,
    delayMs: number,
    failure: { error: string; errorCode: string },
  ): Promise<boolean> {
    const { job, leases, delayed, cleanup, sequence, history } = this.#keys;
    const keys = [job(claim.id), leases, delayed, cleanup, sequence, history];
    const args = [claim.id, claim.token, delayMs, failure.error, failure.errorCode];
    return (await this.#run('retry', keys, args)) === 1;
  }

  /** Gives the job back to the head of the queue, no try counted. */
  async release(claim: Claim): Promise<boolean> {
    const { job, leases, queue, cleanup, sequence, history } = this.#keys;
    const keys = [job(claim.id), leases, queue, cleanup, sequence, history];
    return (await this.#run('release', keys, [claim.id, claim.token])) === 1;
  }

  /** Takes back the jobs whose lease has ended. */
  async expireLeases(): Promise<{ requeued: number; failed: number }> {
    const { leases, queue, active, cleanup, sequence, history, jobPrefix } = this.#keys;
    const keys = [leases, queue, active, cleanup, sequence, history];
    const answer = await this.#run('expire-leases', keys, [jobPrefix, this.#options.maxStalls]);
    const [requeued, failed] = answer as [number, number];
    return { requeued, failed };
  }

  #settleKeys(id: string): string[] {
    const { job, leases, active, cleanup, sequence, history } = this.#keys;
    return [job(id), leases, active, cleanup, sequence, history];
  }
}

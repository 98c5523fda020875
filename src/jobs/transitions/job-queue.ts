import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';

import { MAX_BATCH_JOBS } from '../../contract/batches/batch.ts';
import type { JobStatus, Outcome } from '../../contract/job.ts';
import type { FailureCode } from '../../errors.ts';
import type { Keys } from '../../redis/keys.ts';
import { toClaimedJobs, type Claim, type ClaimedJob } from '../model/claimed-job.ts';
import type { Idempotency } from '../model/idempotency.ts';
import type { JobPayload } from '../model/job-payload.ts';
import { encodePayload, makerArgs } from '../model/line-digests.ts';
import { parseCosts } from '../model/stage-costs.ts';
import { JobReports, type CompletedDocument, type ProgressReport } from './job-reports.ts';
import { LONGEST_BACKOFF_MS } from './longest-backoff.ts';
import { loadScripts, type RunScript } from './load-scripts.ts';
import { readerArgs, type QueueOptions } from './queue-options.ts';

/** Why an attempt failed: in words, and for programs. */
interface Failure {
  error: string;
  errorCode: FailureCode;
}

/** Number of active jobs that one call checks. Each call walks through the queue. */
const REPAIRS_A_CALL = 250;
/** Time in seconds that an idempotency key stays valid. */
const IDEMPOTENCY_TTL_SECONDS = 24 * 60 * 60;

/**
 * Makes every transition of a job. No other class writes jobs. Each transition is one atomic, replay-safe script of
 * `lua/`. Methods that take a claim return whether the caller still held it. After `false`, Redis is unchanged.
 */
export class JobQueue {
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #options: QueueOptions;
  readonly #reports: JobReports;

  constructor(redis: Redis, keys: Keys, options: QueueOptions) {
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
    this.#options = options;
    this.#reports = new JobReports(this.#run, keys, options.ttlSeconds);
  }

  /**
   * Makes a job and queues it. An existing job stays unchanged.
   * @param idempotency the client's key, and a fingerprint of its request
   * @param forgotten whether Redis may have lost this job. Its versions then continue
   * @returns the job of this request, new or existing; `conflict` when the client's key belongs to another request;
   * `batch_full` for a new job whose batch takes no more, unless Redis may have lost the job
   */
  async enqueue(
    id: string,
    tenant: string,
    payload: JobPayload,
    idempotency?: Idempotency,
    forgotten = false,
  ): Promise<{ id: string; createdAt: string } | 'conflict' | 'batch_full'> {
    return this.#run('enqueue', {
      job_key: this.#keys.job(id),
      idempotency_key: this.#keys.idempotency(tenant, idempotency?.key ?? ''),
      id,
      tenant,
      payload: encodePayload(payload),
      max_retries: this.#options.maxRetries,
      fingerprint: idempotency?.fingerprint ?? '',
      // A key never names a job that has expired.
      idempotency_ttl_seconds: Math.min(IDEMPOTENCY_TTL_SECONDS, this.#options.ttlSeconds),
      filename: payload.filename,
      collection: payload.collection,
      forgotten: forgotten ? 1 : 0,
      store: this.#options.store?.() ?? '',
      priority: payload.priority ?? (payload.on_duplicate ? 'interactive' : ''),
      most_jobs: MAX_BATCH_JOBS,
      ...makerArgs(tenant, payload),
      ttl_seconds: this.#options.ttlSeconds,
      ...readerArgs(this.#options),
    });
  }

  /**
   * Takes back the job of a refused upload, because its `enqueue` may have succeeded. MUST use the connection of `enqueue`,
   * so that it follows. If a worker was quicker, the script removes its results, too. A document stays and shows
   * `file_gone` if the job replaced it, or if an accepted copy completed with it.
   */
  async withdraw(id: string, tenant: string, collection: string, idempotencyKey?: string): Promise<void> {
    const { job, idempotency, documents, documentsIn, collections } = this.#keys;
    await this.#run('withdraw', {
      job_key: job(id),
      idempotency_key: idempotency(tenant, idempotencyKey ?? ''),
      documents_key: documents(tenant),
      collection_key: documentsIn(tenant, collection),
      collections_key: collections(tenant),
      id,
    });
  }

  /**
   * Takes up to `count` waiting jobs.
   * @returns the jobs, and the time in ms until a delayed job may become ready
   */
  async claim(count: number): Promise<{ jobs: ClaimedJob[]; nextMs: number | undefined }> {
    const nonce = randomBytes(9).toString('base64url');
    const { leaseMs, maxRetries, store } = this.#options;
    const askedAt = performance.now();
    const { granted, nextMs, nowMs, costs } = await this.#run('claim', {
      grant_key: this.#keys.grant(nonce),
      count,
      nonce,
      lease_ms: leaseMs,
      max_retries: maxRetries,
      longest_backoff_ms: LONGEST_BACKOFF_MS,
      store: store?.() ?? '',
      ttl_seconds: this.#options.ttlSeconds,
      ...readerArgs(this.#options),
    });
    const reply = { nowMs, cameAt: performance.now(), costs: parseCosts(costs) };
    return { jobs: toClaimedJobs(granted, askedAt, reply), nextMs };
  }

  /**
   * Renews the leases of all given claims in one call.
   * @returns the ids that the caller no longer holds
   */
  async renew(claims: readonly Claim[]): Promise<string[]> {
    const { leaseMs: lease_ms } = this.#options;
    return this.#run('renew', { lease_ms, claims: claims.flatMap(({ id, token }) => [id, token]) });
  }

  /** Reports the job's progress. */
  async progress(claim: ClaimedJob, report: ProgressReport): Promise<boolean> {
    return this.#reports.progress(claim, report);
  }

  /** Completes the job, as {@link JobReports.complete}. */
  async complete(claim: ClaimedJob, document: CompletedDocument): Promise<boolean> {
    return this.#reports.complete(claim, document);
  }

  /** Settles the job as failed. `message` says where. */
  async fail({ id, token }: Claim, failure: Failure & { message: string }): Promise<boolean> {
    this.#reports.flush();
    const { message, error: error_text, errorCode: error_code } = failure;
    const [job_key, ttl_seconds] = [this.#keys.job(id), this.#options.ttlSeconds];
    return this.#run('fail', { job_key, id, token, message, error_text, error_code, ttl_seconds });
  }

  /**
   * Retries the job in `delayMs`, at most {@link LONGEST_BACKOFF_MS}.
   * @param flags `isCounted` is false for a job without fault, `hasChunks` for an attempt that wrote no chunk
   */
  async retry(
    { id, token }: Claim,
    delayMs: number,
    failure: Failure,
    { isCounted = true, hasChunks = true } = {},
  ): Promise<boolean> {
    this.#reports.flush();
    const { error: error_text, errorCode: error_code } = failure;
    const flags = { counts_retry: Number(isCounted), has_chunks: Number(hasChunks) };
    const told = { job_key: this.#keys.job(id), delay_ms: delayMs, error_text, error_code };
    return this.#run('retry', { id, token, ...told, ...flags });
  }

  /**
   * Queues a job that waits for its retry. The caller MUST have read the job under its tenant.
   * @param version the job's version while it waited
   * @returns whether the job still waited
   */
  async retryNow(id: string, version: number): Promise<boolean> {
    return this.#run('retry-now', { job_key: this.#keys.job(id), id, version });
  }

  /** Gives the job back to the head of the queue, and counts no attempt. */
  async release({ id, token }: Claim): Promise<boolean> {
    this.#reports.flush();
    return this.#run('release', { job_key: this.#keys.job(id), id, token });
  }

  /**
   * Notes that the holder of a lost claim has stopped writing. A sweep then deletes its late writes.
   */
  async abandon(
    { id, token }: Claim,
    { tenant, collection, documentId }: { tenant: string; collection: string; documentId: string },
  ): Promise<void> {
    const [job_key, document_key] = [this.#keys.job(id), this.#keys.document(documentId)];
    await this.#run('abandon', { job_key, document_key, token, tenant, collection, document_id: documentId });
  }

  /**
   * Cancels a job in any state. An ended job stays unchanged. The caller MUST have read it under its tenant.
   * @returns the outcome before, or else the status before; `undefined` for an unknown job
   */
  async cancel(id: string): Promise<JobStatus | Outcome | undefined> {
    return this.#run('cancel', { job_key: this.#keys.job(id), id, ttl_seconds: this.#options.ttlSeconds });
  }

  /**
   * Starts a failed or cancelled job again as its next run. Other jobs stay unchanged. The caller MUST have read the job
   * under its tenant.
   * @param run the run that is over
   * @returns the job's status before; `undefined` when there is no such job
   */
  async rerun(id: string, run: number): Promise<JobStatus | undefined> {
    return this.#run('rerun', { job_key: this.#keys.job(id), id, ended_run: run });
  }

  /**
   * Makes an ended job that Redis has lost. An existing job stays unchanged.
   * @param documentId document of a completed job; '' for a cancelled one
   * @returns whether it made the job; `false` also if the document does not exist
   */
  async restoreEnded(id: string, tenant: string, payload: JobPayload, documentId = ''): Promise<boolean> {
    return this.#run('restore-ended', {
      job_key: this.#keys.job(id),
      document_key: this.#keys.document(documentId),
      id,
      tenant,
      payload: encodePayload(payload),
      document_id: documentId,
      ...makerArgs(tenant, payload),
      ttl_seconds: this.#options.ttlSeconds,
    });
  }

  /** Takes back the jobs whose lease has ended. */
  async expireLeases(): Promise<{ requeued: number; failed: number }> {
    const { maxStalls: max_stalls, ttlSeconds: ttl_seconds, leaseMs: lease_ms } = this.#options;
    return this.#run('expire-leases', { max_stalls, ttl_seconds, lease_ms });
  }

  /** Returns jobs to the active set, because another program may have removed them. Ended jobs stay out. */
  async activate(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#run('activate', { ids });
  }

  /**
   * Repairs some of the active jobs: those that no queue or lease holds. Removes shared keys of another type.
   * @param cursor the last call's cursor; `'0'` at first, and again after all jobs
   */
  async repair(cursor: string): Promise<{ cursor: string; repaired: number }> {
    return this.#run('repair', { cursor, batch: REPAIRS_A_CALL, ttl_seconds: this.#options.ttlSeconds });
  }
}

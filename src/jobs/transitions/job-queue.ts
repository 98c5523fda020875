import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';

import type { JobStatus, Outcome } from '../../contract/job.ts';
import type { Keys } from '../../redis/keys.ts';
import { toClaimedJob, type Claim, type ClaimedJob } from '../model/claimed-job.ts';
import { toHash } from '../model/job-event.ts';
import type { Idempotency } from '../model/idempotency.ts';
import type { JobPayload } from '../model/job-payload.ts';
import { JobReports, type CompletedDocument, type ProgressReport } from './job-reports.ts';
import { LONGEST_BACKOFF_MS } from './longest-backoff.ts';
import type { QueueOptions } from './queue-options.ts';
import { loadScripts, type RunScript } from './scripts.ts';

/** How many active jobs are looked at in one call, which takes a walk through the queue. */
const REPAIRS_A_CALL = 250;
/** For how long a client may send a request again. */
const IDEMPOTENCY_TTL_SECONDS = 24 * 60 * 60;

/**
 * Every transition a job can make; nothing else writes a job. Each is one atomic, replay-safe script
 * (`lua/`, whose headers state keys, arguments and results). Methods that take a claim answer whether the
 * caller still held it: `false` means that nothing was written.
 */
export class JobQueue {
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #options: QueueOptions;
  readonly #reports: JobReports;

  constructor(redis: Redis, keys: Keys, options: QueueOptions) {
    this.#run = loadScripts(redis);
    this.#keys = keys;
    this.#options = options;
    this.#reports = new JobReports(this.#run, keys, options.ttlSeconds);
  }

  /**
   * Makes a job and queues it; a job that exists already is left as it is.
   * @param idempotency the key that the client sent, and what its request amounted to
   * @param forgotten whether it may have been a job before, which Redis has forgotten: its versions go on
   * @returns the job that the request has made, now or before; `conflict` when the client's key belongs to
   * another request
   */
  async enqueue(
    id: string,
    tenant: string,
    payload: JobPayload,
    idempotency?: Idempotency,
    forgotten = false,
  ): Promise<{ id: string; createdAt: string } | 'conflict'> {
    const { job, queue, active, offset, epoch, recent, installation } = this.#keys;
    const known = this.#keys.idempotency(tenant, idempotency?.key ?? '');
    const keys = [job(id), queue, active, offset, epoch, recent, known, installation];
    const args = [id, tenant, JSON.stringify(payload), this.#options.maxRetries];
    const reply = await this.#run('enqueue', keys, [
      ...args,
      idempotency?.fingerprint ?? '',
      // A key never names a job that has expired.
      Math.min(IDEMPOTENCY_TTL_SECONDS, this.#options.ttlSeconds),
      payload.filename,
      payload.collection,
      forgotten ? 1 : 0,
      this.#options.store?.() ?? '',
    ]);
    const [made, createdAt] = reply as [string, string];
    return made === '' ? 'conflict' : { id: made, createdAt };
  }

  /**
   * Takes a job back whose upload is refused after all, because nobody knows whether it was made. It MUST go
   * over the connection that `enqueue` went over: only then it comes after it. Should a worker have been quicker, what
   * it has made of the job goes, too.
   */
  async withdraw(
    id: string,
    tenant: string,
    collection: string,
    idempotencyKey: string | undefined,
  ): Promise<void> {
    const { job, queue, active, recent, offset, epoch, leases, delayed, cleanup, cancelled } = this.#keys;
    const { idempotency, document, documents, documentsIn, tombstones } = this.#keys;
    const known = idempotency(tenant, idempotencyKey ?? '');
    const made = [document(id), documents(tenant), documentsIn(tenant, collection)];
    const lists = [leases, delayed, cleanup];
    const keys = [
      job(id),
      queue,
      active,
      recent,
      known,
      offset,
      epoch,
      ...lists,
      ...made,
      cancelled,
      tombstones,
    ];
    await this.#run('withdraw', keys, [id]);
  }

  /**
   * Takes up to `count` waiting jobs.
   * @returns the jobs, and in how many milliseconds something not yet in the queue may become ready
   */
  async claim(count: number): Promise<{ jobs: ClaimedJob[]; nextMs: number | undefined }> {
    const { queue, leases, active, delayed, limbo, offset, epoch, grant, recent, cleanup } = this.#keys;
    const { installation, jobPrefix } = this.#keys;
    const nonce = randomBytes(9).toString('base64url');
    const lists = [queue, leases, active, delayed, limbo, offset, epoch];
    const keys = [...lists, grant(nonce), recent, cleanup, installation];
    const { leaseMs, maxRetries, store } = this.#options;
    const args = [jobPrefix, count, nonce, leaseMs, maxRetries, LONGEST_BACKOFF_MS, store?.() ?? ''];
    const askedAt = performance.now();
    const [granted, nextMs] = (await this.#run('claim', keys, args)) as [string[], number];
    const jobs: ClaimedJob[] = [];
    for (let i = 0; i < granted.length; i += 2) {
      const hash = toHash(JSON.parse(granted[i] as string) as (string | false)[]);
      jobs.push(toClaimedJob(hash, granted[i + 1] as string, askedAt));
    }
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
  async progress(claim: ClaimedJob, report: ProgressReport): Promise<boolean> {
    return this.#reports.progress(claim, report);
  }

  /** Completes the job, as {@link JobReports.complete}. */
  async complete(claim: ClaimedJob, document: CompletedDocument): Promise<boolean> {
    return this.#reports.complete(claim, document);
  }

  /** Settles the job as failed: `message` says where, `error` why, `errorCode` for programs. */
  async fail(claim: Claim, failure: { message: string; error: string; errorCode: string }): Promise<boolean> {
    const { message, error, errorCode } = failure;
    const args = [claim.id, claim.token, message, error, errorCode, this.#options.ttlSeconds];
    const { job, leases, active, cleanup, offset, epoch, outcomes, tombstones } = this.#keys;
    const keys = [job(claim.id), leases, active, cleanup, offset, epoch, outcomes, tombstones];
    return this.#settle('fail', keys, args);
  }

  /** Retries the job in `delayMs`, at most {@link LONGEST_BACKOFF_MS}, and counts the retry. */
  async retry(
    claim: Claim,
    delayMs: number,
    failure: { error: string; errorCode: string },
  ): Promise<boolean> {
    const { job, leases, delayed, cleanup, offset, epoch } = this.#keys;
    const keys = [job(claim.id), leases, delayed, cleanup, offset, epoch];
    const args = [claim.id, claim.token, delayMs, failure.error, failure.errorCode];
    return this.#settle('retry', keys, args);
  }

  /**
   * Queues a job that waits for its retry. The caller MUST have read the job under its tenant.
   * @param version the job's version while it waited
   * @returns whether the job still waited
   */
  async retryNow(id: string, version: number): Promise<boolean> {
    const { job, queue, delayed, offset, epoch } = this.#keys;
    return (await this.#run('retry-now', [job(id), queue, delayed, offset, epoch], [id, version])) === 1;
  }

  /** Gives the job back to the head of the queue, no try counted. */
  async release(claim: Claim): Promise<boolean> {
    const { job, leases, queue, cleanup, offset, epoch } = this.#keys;
    const keys = [job(claim.id), leases, queue, cleanup, offset, epoch];
    return this.#settle('release', keys, [claim.id, claim.token]);
  }

  /**
   * Notes that the holder of a lost claim writes no more: what it wrote after its lease had ended is cleaned up
   * once more.
   */
  async abandon(
    claim: Claim,
    written: { tenant: string; collection: string; documentId: string },
  ): Promise<void> {
    const { job, cleanup, document } = this.#keys;
    const { tenant, collection, documentId } = written;
    const keys = [job(claim.id), cleanup, document(documentId)];
    await this.#run('abandon', keys, [claim.token, tenant, collection, documentId]);
  }

  /**
   * Cancels a job, whatever it is doing; one that has ended stays as it is. The caller MUST have read it under its
   * tenant.
   * @returns the outcome before, or else the status before; `undefined` for an unknown job
   */
  async cancel(id: string): Promise<JobStatus | Outcome | undefined> {
    const { job, queue, leases, active, delayed, cleanup, offset, epoch, outcomes, cancelled } = this.#keys;
    const lists = [queue, leases, active, delayed, cleanup];
    const keys = [job(id), ...lists, offset, epoch, outcomes, cancelled, this.#keys.tombstones];
    const before = await this.#run('cancel', keys, [id, this.#options.ttlSeconds]);
    return (before as JobStatus | Outcome | null) ?? undefined;
  }

  /**
   * Starts a failed job, cancelled ones included, again as its next run. Other jobs stay unchanged. The caller
   * MUST have read the job under its tenant.
   * @param run the run that is over
   * @returns the job's status before; `undefined` when there is no such job
   */
  async rerun(id: string, run: number): Promise<JobStatus | undefined> {
    const { job, queue, active, offset, epoch, tombstones } = this.#keys;
    const keys = [job(id), queue, active, offset, epoch, tombstones];
    return ((await this.#run('rerun', keys, [id, run])) as JobStatus | null) ?? undefined;
  }

  /** Takes back the jobs whose lease has ended. */
  async expireLeases(): Promise<{ requeued: number; failed: number }> {
    const { leases, queue, active, cleanup, offset, epoch, outcomes, swept, tombstones, jobPrefix } =
      this.#keys;
    const keys = [leases, queue, active, cleanup, offset, epoch, outcomes, swept, tombstones];
    const { maxStalls, ttlSeconds, leaseMs } = this.#options;
    const args = [jobPrefix, maxStalls, ttlSeconds, leaseMs];
    const [requeued, failed] = (await this.#run('expire-leases', keys, args)) as [number, number];
    return { requeued, failed };
  }

  /** Notes that jobs are active, should another program have removed them from the set; what has ended is not. */
  async activate(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#run('activate', [this.#keys.active], [this.#keys.jobPrefix, ...ids]);
  }

  /**
   * Puts right some of the active jobs: those that wait for nothing that will ever come. Removes whatever another
   * program has put in the place of what all jobs share.
   * @param cursor where the last call stopped; `'0'` at first and when all have been looked at
   */
  async repair(cursor: string): Promise<{ cursor: string; repaired: number }> {
    const { active, queue, leases, delayed, limbo, recent, offset, epoch, cleanup } = this.#keys;
    const { outcomes, durations, server, swept, tombstones, incomplete, reindexing, orphans } = this.#keys;
    const jobs = [active, queue, leases, delayed, limbo, recent, offset, epoch, cleanup];
    const keys = [...jobs, outcomes, durations, server, swept, tombstones, incomplete, reindexing, orphans];
    const args = [this.#keys.jobPrefix, cursor, REPAIRS_A_CALL, this.#options.ttlSeconds];
    const [next, repaired] = (await this.#run('repair', keys, args)) as [string, number];
    return { cursor: next, repaired };
  }

  async #settle(
    name: 'fail' | 'retry' | 'release',
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<boolean> {
    this.#reports.flush();
    return (await this.#run(name, keys, args)) === 1;
  }
}

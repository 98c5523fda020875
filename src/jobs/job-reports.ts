import type { Counts, Stage } from '../contract/job.ts';
import type { Keys } from '../redis/keys.ts';
import { Batcher } from './batcher.ts';
import { eventValues } from './job-event.ts';
import type { RunScript } from './scripts.ts';
import type { JobHash } from './to-job.ts';

/** A worker's hold on a job. Every write carries the token and is refused once another holds the job. */
export interface Claim {
  readonly id: string;
  readonly token: string;
}

/** A job as it was granted to a worker. */
export interface ClaimedJob extends Claim {
  readonly hash: JobHash;
  /** When the claim was asked for, by this process' clock (`performance.now()`): its lease began no earlier. */
  readonly askedAt: number;
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

/** What progress changes of a job. */
const PROGRESS_FIELDS = [
  'progress',
  'message',
  'stage',
  'pages_done',
  'pages_total',
  'chunks_done',
  'chunks_total',
] as const;

type Args = (string | number)[];

/**
 * What the holders of claims report all the time. Reports of one turn share a call of the `report` script, for
 * most of what a short script costs is the call.
 */
export class JobReports {
  readonly #keys: Keys;
  readonly #batcher: Batcher<Args, boolean>;
  /** The jobs of claims as they are after all that was reported. */
  readonly #reported = new WeakMap<ClaimedJob, JobHash>();

  /** @param ttlSeconds how long a job is kept once it has ended */
  constructor(run: RunScript, keys: Keys, ttlSeconds: number) {
    const { leases, active, cleanup, sequence, history, outcomes, durations, jobPrefix } = keys;
    const scriptKeys = [leases, active, cleanup, sequence, history, outcomes, durations];
    this.#keys = keys;
    this.#batcher = new Batcher(async (reports) => {
      const answers = await run('report', scriptKeys, [jobPrefix, ttlSeconds, ...reports.flat()]);
      return (answers as (number | Error)[]).map((answer) =>
        answer instanceof Error ? answer : answer === 1,
      );
    });
  }

  /**
   * Reports how far the job has come; within an attempt it never goes back. Nobody but its holder changes a job that
   * is held, and the claim told the holder all of it: so the job's next version is made here, where that is cheap.
   * A report says all that reports may have changed, for one before it may not have arrived; one that changes nothing
   * keeps the version, and is written only if the one before it was not.
   */
  progress(claim: ClaimedJob, { progress, message, stage, counts }: ProgressReport): Promise<boolean> {
    const before = this.#reported.get(claim) ?? claim.hash;
    const job = { ...before };
    const furthest = Math.max(progress, Number(before['progress']));
    // Half a surrogate pair would be shown as it is in the event, but not in what is read.
    const report = { progress: furthest, message: message.toWellFormed(), stage, ...counts };
    for (const field of PROGRESS_FIELDS) if (report[field] !== undefined) job[field] = String(report[field]);
    if (PROGRESS_FIELDS.some((field) => job[field] !== before[field]))
      job['version'] = String(Number(before['version']) + 1);
    this.#reported.set(claim, job);
    const fields = PROGRESS_FIELDS.flatMap((field) => (job[field] === undefined ? [] : [field, job[field]]));
    return this.#report('progress', claim, [job['version'] as string, eventValues(job), ...fields]);
  }

  /** Settles the job as completed, and makes the claim's generation of its document the live one. */
  complete(claim: Claim, document: CompletedDocument): Promise<boolean> {
    const { documentId, tenant, collection, chunkCount, fields } = document;
    return this.#report('complete', claim, [
      documentId,
      collection,
      chunkCount,
      this.#keys.document(documentId),
      this.#keys.documents(tenant),
      this.#keys.documentsIn(tenant, collection),
      ...Object.entries(fields).flat(),
    ]);
  }

  /** Sends the reports that wait: what the caller sends next comes after them. */
  flush(): void {
    this.#batcher.flush();
  }

  #report(kind: 'progress' | 'complete', { id, token }: Claim, args: Args): Promise<boolean> {
    return this.#batcher.add([kind, id, token, args.length, ...args]);
  }
}

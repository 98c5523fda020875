import type { Counts, Stage } from '../contract/job.ts';
import type { Keys } from '../redis/keys.ts';
import { Batcher } from './batcher.ts';
import type { RunScript } from './scripts.ts';

/** A worker's hold on a job. Every write carries the token and is refused once another holds the job. */
export interface Claim {
  readonly id: string;
  readonly token: string;
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

type Args = (string | number)[];

/**
 * What the holders of claims report all the time. Reports of one turn share a call of the `report` script, for
 * most of what a short script costs is the call.
 */
export class JobReports {
  readonly #keys: Keys;
  readonly #batcher: Batcher<Args, boolean>;

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

  /** Reports how far the job has come. */
  progress(claim: Claim, { progress, message, stage, counts }: ProgressReport): Promise<boolean> {
    const fields = Object.entries({ progress, message, stage, ...counts });
    const args = fields.flatMap(([field, value]) => (value === undefined ? [] : [field, value]));
    return this.#report('progress', claim, args);
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

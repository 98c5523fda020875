import type { Counts, Service, Stage } from '../../contract/job.ts';
import type { Keys } from '../../redis/keys.ts';
import { wellFormed } from '../../well-formed.ts';
import { Batcher } from './batcher.ts';
import type { Claim, ClaimedJob } from '../model/claimed-job.ts';
import { valuesAfter } from '../model/job-event.ts';
import { readProgress, splitPercent } from '../model/job-progress.ts';
import { StageClock } from '../model/stage-costs.ts';
import { addEntry } from '../model/timeline.ts';
import { awaitedService } from '../model/waiting.ts';
import type { RunScript } from './load-scripts.ts';
import { DocumentChangedError, ModelNotTakenError, ReembeddingError } from './registration-errors.ts';
import type { JobHash } from '../model/job-view.ts';

export interface ProgressReport {
  /** Percent from 0 to 100, with any decimals. {@link splitPercent} derives the job's fields from it. */
  progress: number;
  message: string;
  stage: Stage;
  counts: Counts;
  /** Service that is away, for which the job waits; absent for none. */
  waitingFor?: Service | undefined;
}

/** A document for `complete` to register. The script sets further fields. */
export interface CompletedDocument {
  documentId: string;
  tenant: string;
  collection: string;
  chunkCount: number;
  /** The only generation that it may replace; absent for any or none. */
  replaces?: string | undefined;
  /** Latest run that had embedded the collection again when the job began; absent for none. */
  reembed?: string | undefined;
  fields: Record<string, string>;
}

/** Replies of the script for such documents. */
const DOCUMENT_CHANGED = 2;
const MODEL_NOT_TAKEN = 3;
const REEMBEDDING = 4;

/** Fields of a job that progress changes. */
const PROGRESS_FIELDS = [
  'progress',
  'fraction',
  'message',
  'stage',
  'pages_done',
  'pages_total',
  'pages_unread',
  'hidden_left_out',
  'ocr_done',
  'ocr_total',
  'chunks_done',
  'chunks_total',
  'waiting_for',
] as const;
/** Fields that a report writes. The timeline comes last, because the script looks for it there. */
const WRITTEN_FIELDS = [...PROGRESS_FIELDS, 'time_left_ms', 'timeline'] as const;

type Args = (string | number)[];

/** State of a held job. */
interface Held {
  /** The job after all reports, with its timeline. */
  job: JobHash;
  readonly clock: StageClock;
  /** Whether the job has waited for a service. Its stages then tell nothing about other jobs. */
  hasWaited: boolean;
  /** Reports of this turn of the event loop: an event's values at each step. Each step is one version. */
  waiting?: { readonly steps: string[]; readonly reply: Promise<boolean> } | undefined;
}

/**
 * Sends the reports of claim holders. Reports of one turn share a call of the `report` script, because the call costs
 * more than a short script. The script writes a job's steps of one turn once, and publishes each.
 *
 * Only its holder changes a held job, and the claim returned the whole job. So this class composes the next version,
 * which is cheaper here than in Redis.
 */
export class JobReports {
  readonly #keys: Keys;
  /** Takes functions that make a report's arguments at the time of sending. */
  readonly #batcher: Batcher<() => Args, number>;
  readonly #held = new WeakMap<ClaimedJob, Held>();

  /** @param ttlSeconds time that an ended job stays */
  constructor(run: RunScript, keys: Keys, ttlSeconds: number) {
    this.#keys = keys;
    this.#batcher = new Batcher((reports) =>
      run('report', { ttl_seconds: ttlSeconds, reports: reports.flatMap((report) => report()) }),
    );
  }

  /**
   * Reports the job's progress, which never goes back within an attempt. The script writes the changed fields, and all of
   * them if Redis has lost the version before. A report without a change keeps the version.
   */
  progress(
    claim: ClaimedJob,
    { progress, message, stage, counts, waitingFor }: ProgressReport,
  ): Promise<boolean> {
    const held = this.#of(claim);
    const { job: before, waiting } = held;
    const [from, to] = [readProgress(before), splitPercent(progress)];
    const furthest = to.fraction > from.fraction ? to : from;
    // The event would show half a surrogate pair, and a read would not.
    const none = awaitedService(before) === undefined ? undefined : '';
    const report = {
      ...furthest,
      message: wellFormed(message),
      stage,
      ...counts,
      waiting_for: waitingFor ?? none,
    };
    const job = { ...before };
    for (const field of PROGRESS_FIELDS) if (report[field] !== undefined) job[field] = String(report[field]);
    const changed = PROGRESS_FIELDS.some((field) => job[field] !== before[field]);
    if (changed) this.#change(claim, held, job, counts, stage);
    held.job = job;
    if (!waiting) return this.#startSteps(claim, held, before);
    if (changed) waiting.steps.push(valuesAfter('updated_at', job));
    return waiting.reply;
  }

  /**
   * Completes the job, and makes the claim's generation of its document the live one. MUST be the last call for a
   * claim.
   * @throws {DocumentChangedError}
   * @throws {ModelNotTakenError}
   * @throws {ReembeddingError}
   */
  async complete(claim: ClaimedJob, document: CompletedDocument): Promise<boolean> {
    const { documentId, tenant, collection, chunkCount, replaces = '', reembed = '', fields } = document;
    const { job: before, clock, hasWaited } = this.#of(claim);
    const done = { status: 'completed', progress: '100', fraction: '1', message: messageOf(before) };
    const job: JobHash = { ...before, ...done, time_left_ms: '' };
    countUp(job);
    job['timeline'] = addEntry(job, redisNow(claim));
    // A later attempt finds finished work, and a replacing upload finds vectors.
    const isTypical =
      !hasWaited && claim.attempt === 1 && claim.work.ok && claim.work.documentId === claim.id;
    const untimed = JSON.stringify({ document_id: documentId, chunk_count: chunkCount, collection });
    const result = `${untimed.slice(0, -1)},"processing_time_ms":`;
    const ofDocument = Object.entries(fields).flat();
    const args = reportArgs('complete', claim, [
      before['version'] as string,
      job['version'] as string,
      result,
      JSON.stringify(result).slice(0, -1),
      valuesAfter('result', job),
      documentId,
      collection,
      chunkCount,
      this.#keys.document(documentId),
      this.#keys.documents(tenant),
      this.#keys.documentsIn(tenant, collection),
      this.#keys.collections(tenant),
      this.#keys.incomplete,
      replaces,
      reembed,
      isTypical ? clock.sample(chunkCount, performance.now()) : '',
      ofDocument.length,
      ...ofDocument,
      ...changedArgs(before, job),
    ]);
    const reply = await this.#batcher.add(() => args);
    if (reply === DOCUMENT_CHANGED) throw new DocumentChangedError('the document was replaced or deleted');
    if (reply === MODEL_NOT_TAKEN) throw new ModelNotTakenError('the collection has another model');
    if (reply === REEMBEDDING) throw new ReembeddingError();
    return reply === 1;
  }

  /** Sends the waiting reports, so that they precede the caller's next command. */
  flush(): void {
    this.#batcher.flush();
  }

  #of(claim: ClaimedJob): Held {
    let held = this.#held.get(claim);
    if (!held) {
      const size = claim.work.ok ? claim.work.payload.file_size : undefined;
      const clock = new StageClock(claim.reply.costs, size, claim.reply.cameAt);
      this.#held.set(claim, (held = { job: claim.hash, clock, hasWaited: false }));
    }
    return held;
  }

  /** Makes a changed job the next version, with its estimate and, in another stage or wait, an entry of its timeline. */
  #change(claim: ClaimedJob, held: Held, job: JobHash, counts: Counts, stage: Stage): void {
    const { job: before, clock } = held;
    countUp(job);
    job['time_left_ms'] = String(clock.left(stage, counts, performance.now()) ?? '');
    const service = awaitedService(job);
    held.hasWaited ||= service !== undefined;
    if (stage === before['stage'] && service === awaitedService(before)) return;
    const message = service && `Waits for the ${service.replace('_', ' ')}`;
    job['timeline'] = addEntry(job, redisNow(claim), message);
  }

  #startSteps(claim: ClaimedJob, held: Held, before: JobHash): Promise<boolean> {
    const steps = [valuesAfter('updated_at', held.job)];
    const sent = this.#batcher.add(() => {
      held.waiting = undefined;
      const { job } = held;
      return reportArgs('progress', claim, [
        before['version'] as string,
        job['version'] as string,
        steps.length,
        ...steps,
        ...changedArgs(before, job),
      ]);
    });
    const reply = sent.then((taken) => taken === 1);
    held.waiting = { steps, reply };
    return reply;
  }
}

/** Lists the changed fields of progress as field, value, ... */
function changedArgs(before: JobHash, job: JobHash): string[] {
  const args: string[] = [];
  for (const field of WRITTEN_FIELDS) {
    const value = job[field];
    if (value !== undefined && value !== before[field]) args.push(field, value);
  }
  return args;
}

function reportArgs(kind: 'progress' | 'complete', { id, token }: Claim, args: Args): Args {
  return [kind, id, token, args.length, ...args];
}

/** Returns Redis' time in ms, at most the claim's round trip too early. So the entries of a timeline stay in order. */
function redisNow({ reply: { nowMs, cameAt } }: ClaimedJob): number {
  return nowMs + performance.now() - cameAt;
}

function countUp(job: JobHash): void {
  job['version'] = String(Number(job['version']) + 1);
}

/** Builds the documented message, and adds the number of unread pages. */
function messageOf({ pages_unread: unread = '0', pages_total: total = unread }: JobHash): string {
  const done = 'Upload completed successfully';
  if (Number(unread) === 0) return done;
  const pages = `${total === unread ? unread : `${unread} of ${total}`} ${total === '1' ? 'page' : 'pages'}`;
  return `${done}. ${pages} ${unread === '1' ? 'holds no text and was' : 'hold no text and were'} not read.`;
}

import { ERROR_CODES, type ErrorCode } from '../../src/contract/error-codes.ts';
import type { ErrorEntry } from '../../src/contract/codes/error-entry.ts';
import { outcomeOf, SERVICES, type Job, type Stage, type Waiting } from '../../src/contract/job.ts';
import { quantity, whole } from './numbers.ts';
import { clock, elapsed } from './times.ts';

/** Words for the states of a job. A cancelled job has a word of its own. */
const STATUS_WORDS = {
  queued: 'Waiting',
  processing: 'Working',
  retrying: 'Retrying',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
} as const;
export type ShownStatus = keyof typeof STATUS_WORDS;

export const shownStatus = (job: Pick<Job, 'status' | 'error_code'>): ShownStatus =>
  outcomeOf(job) ?? job.status;
export const statusWords = (status: ShownStatus): string => STATUS_WORDS[status];

export const STAGE_WORDS: Record<Stage, string> = {
  parse: 'Reading',
  chunk: 'Cutting',
  embed: 'Embedding',
  store: 'Storing',
};

const WAITING_WORDS: Record<Exclude<Waiting['what'], 'worker' | 'retry'>, string> = {
  earlier_upload: 'for an earlier upload of this document',
  collection: 'until its collection is embedded again',
  processor: 'for the processor, which is away',
  embedder: 'for the embedding service, which is away',
  vector_store: 'for the vector store, which is away',
  keyword_index: 'for the keyword index, which is away',
};

/** Says why a job waits: “Waits for a worker, 12 ahead”. @param now ms since 1970 */
export function waitingOf({ what, at, ahead }: Waiting, now = Date.now()): string {
  if (what === 'worker')
    return ahead ? `Waits for a worker, ${whole(ahead)} ahead` : 'Waits for a worker, next in line';
  if (what === 'retry' && at !== undefined && Date.parse(at) < now) return 'Waits for a worker to retry';
  if (what === 'retry') return at === undefined ? 'Retries soon' : `Retries at ${clock(at)}`;
  return `Waits ${WAITING_WORDS[what]}`;
}

/**
 * Formats the present count of a job: “312 of 619 pages” while it is read, “2 of 12 pages by text recognition”, later
 * “1,204 of 4,310 chunks”.
 */
export function countsOf({ stage, counts = {} }: Job): string {
  const isParsing = stage === 'parse';
  const { ocr_done: recognized = 0, ocr_total: scanned = 0 } = counts;
  if (isParsing && recognized < scanned)
    return `${whole(recognized)} of ${quantity(scanned, 'page')} by text recognition`;
  const done = isParsing ? counts.pages_done : counts.chunks_done;
  const total = isParsing ? counts.pages_total : counts.chunks_total;
  if (total === undefined) return '';
  return `${whole(done ?? 0)} of ${quantity(total, isParsing ? 'page' : 'chunk')}`;
}

/** Formats what the text lacks: “3 pages hold no text and were not read. 2 hidden parts were left out.” */
export function unreadOf({
  counts: { pages_unread: unread = 0, hidden_left_out: hidden = 0 } = {},
}: Job): string {
  const pages = `${quantity(unread, 'page')} ${unread === 1 ? 'holds no text and was' : 'hold no text and were'} not read.`;
  const parts = `${quantity(hidden, 'hidden part')} ${hidden === 1 ? 'was' : 'were'} left out.`;
  return [unread > 0 && pages, hidden > 0 && parts].filter((words) => words !== false).join(' ');
}

/** Formats a failure: “Parsing failed: The file is protected by a password. …”, or “Cancelled”. */
export function failureOf(job: Job): string {
  const { message, error } = job;
  if (outcomeOf(job) === 'cancelled' || error === undefined || error === message) return message;
  return `${message}: ${error}`;
}

/** Returns whether a job waits for a service that is away. The estimate of the time left then excludes the wait. */
export function isHeldUp({ waiting_for: waiting }: Job): boolean {
  return SERVICES.some((service) => service === waiting?.what);
}

/** Formats the rest of a job's time: “about 12 s left”. @param leftMs estimate */
export function leftOf(leftMs: number): string {
  return `about ${elapsed(Math.max(1000, leftMs))} left`;
}

/** Codes of failures that a retry cannot fix. */
const WITHOUT_RETRY: readonly string[] = ['file_gone'];

/** Returns whether a retry may succeed. An unreadable document stays unreadable. */
export function mayRetry({ status, error_code: code = '' }: Pick<Job, 'status' | 'error_code'>): boolean {
  if (status !== 'failed') return false;
  return !WITHOUT_RETRY.includes(code) && entryOf(code)?.document === undefined;
}

/** Most codes of one filter. The API takes no more. */
const MOST_CODES = 50;

/** Lists the codes whose jobs a retry may fix. It leaves out cancelled jobs, because that was meant. */
export function retryableCodes(groups: readonly { code: string }[]): string[] {
  const codes = groups.map(({ code }) => code);
  const may = codes.filter(
    (code) => code !== 'cancelled' && mayRetry({ status: 'failed', error_code: code }),
  );
  return may.slice(0, MOST_CODES);
}

/** Returns what to do about a failure; `undefined` for a code that this page does not know. */
export function adviceOf(code: string | undefined): string | undefined {
  return code === undefined || code === 'cancelled' ? undefined : entryOf(code)?.action;
}

function entryOf(code: string): ErrorEntry | undefined {
  return Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode] : undefined;
}

/** Returns what a code means; `undefined` for a code that this page does not know. */
export function meaningOf(code: string): string | undefined {
  const entry = entryOf(code);
  return entry?.document ?? entry?.job ?? entry?.processor?.[1] ?? entry?.http?.[1];
}

/** Formats what a job does or waits for, or how its run ended: “Embedding, 312 of 4,310 chunks”. */
export function activityOf(job: Job): string {
  const { status, stage, result, waiting_for: waiting } = job;
  if (status === 'completed')
    return result ? `${quantity(result.chunk_count, 'chunk')} in “${result.collection}”` : job.message;
  if (status === 'failed') return failureOf(job);
  if (waiting) return waitingOf(waiting);
  const counts = countsOf(job);
  return stage ? `${STAGE_WORDS[stage]}${counts && `, ${counts}`}` : job.message;
}

/** Formats the attempt of a run: “Attempt 2 of 4”; empty for the first. */
export function attemptOf({ attempt = 1, max_retries: retries, retry_count: retried = 0 }: Job): string {
  if (attempt < 2 && retried === 0) return '';
  const most = retries === undefined ? undefined : retries + 1;
  // A lost worker adds an attempt that is no retry.
  return most === undefined || attempt > most
    ? `Attempt ${whole(attempt)}`
    : `Attempt ${whole(attempt)} of ${whole(most)}`;
}

/** Names a job for a person: its file, or what it does to a collection. */
export function jobName({ filename, collection, type, id }: Job): string {
  if (filename !== undefined) return filename;
  return type === 'document_upload' || collection === undefined ? id : `“${collection}” is embedded again`;
}

import * as v from 'valibot';

import {
  JOB_STATUSES,
  JobResultSchema,
  STAGES,
  outcomeOf,
  type Counts,
  type Job,
  type JobResult,
  type JobStatus,
  type Outcome,
} from '../../contract/job.ts';
import { DEFAULT_TENANT } from '../../redis/keys.ts';
import { readProgress } from './job-progress.ts';
import { readWaiting } from './waiting.ts';

/** A `job:{id}` hash of Redis. Every value is text, and another program may have written it. */
export type JobHash = Record<string, string>;

function whole(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? Math.floor(value) : undefined;
}

function oneOf<T extends string>(allowed: readonly T[], text: string | undefined): T | undefined {
  return allowed.find((word) => word === text);
}

function parseObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Another program wrote it. The job view omits unreadable fields.
    return undefined;
  }
}

/** Reads the status. Older versions and other programs store `cancelled` as a status of its own. */
export function toStatus(hash: JobHash): Pick<Job, 'status' | 'error' | 'error_code'> {
  if (hash['status'] === 'cancelled')
    return { status: 'failed', error: 'The job was cancelled.', error_code: 'cancelled' };
  const status = oneOf(JOB_STATUSES, hash['status']) ?? 'queued';
  return { status, error: hash['error'], error_code: hash['error_code'] };
}

function toVersion(hash: JobHash): number {
  return whole(hash['version']) ?? 0;
}

function toRun(hash: JobHash): number {
  return whole(hash['run']) ?? 1;
}

/** Reads the names. Other programs write them only into the payload, until the first transition copies them. */
export function toNames(hash: JobHash): Pick<Job, 'filename' | 'collection'> {
  const payload = hash['filename'] === undefined ? parseObject(hash['payload']) : undefined;
  const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    filename: textOf(hash['filename'] ?? payload?.['filename']),
    collection: textOf(hash['collection'] ?? payload?.['collection']),
  };
}

function toResult(text: string | undefined): JobResult | undefined {
  const parsed = v.safeParse(JobResultSchema, parseObject(text));
  return parsed.success ? parsed.output : undefined;
}

function toCounts(hash: JobHash): Counts | undefined {
  const counts: Counts = {
    pages_done: whole(hash['pages_done']),
    pages_total: whole(hash['pages_total']),
    pages_unread: whole(hash['pages_unread']),
    hidden_left_out: whole(hash['hidden_left_out']),
    ocr_done: whole(hash['ocr_done']),
    ocr_total: whole(hash['ocr_total']),
    chunks_done: whole(hash['chunks_done']),
    chunks_total: whole(hash['chunks_total']),
  };
  return Object.values(counts).some((count) => count !== undefined) ? counts : undefined;
}

/**
 * Makes the job view from a stored hash. Only this function decides which keys appear, and in which order. It never
 * throws, and shows another program's hash as far as it makes sense. `JSON.stringify` leaves out `undefined` fields.
 */
export function toJobView(hash: JobHash): Job {
  const { status, error, error_code } = toStatus(hash);
  const { progress, fraction } = readProgress(hash);
  const retryCount = whole(hash['retry_count']) ?? 0;
  const retries = retryCount > 0 || status === 'retrying' || status === 'failed';
  return {
    id: hash['id'] ?? '',
    type: hash['type'] ?? 'document_upload',
    status,
    progress,
    message: hash['message'] ?? '',
    result: toResult(hash['result']),
    error,
    error_code,
    retry_count: retries ? retryCount : undefined,
    max_retries: retries ? whole(hash['max_retries']) : undefined,
    started_at: hash['started_at'],
    completed_at: hash['completed_at'],
    version: toVersion(hash),
    run: toRun(hash),
    attempt: whole(hash['attempt']),
    stalls: whole(hash['stalls']),
    ...toNames(hash),
    batch: hash['batch'],
    fraction,
    stage: oneOf(STAGES, hash['stage']),
    counts: toCounts(hash),
    created_at: hash['created_at'],
    updated_at: hash['updated_at'],
    waiting_for: readWaiting(hash, status),
    time_left_ms: status === 'queued' || status === 'processing' ? whole(hash['time_left_ms']) : undefined,
  };
}

/** Holds a job for the transports, with the fields that they need. It makes the JSON at most once. */
export class JobState {
  readonly id: string;
  /** Owner of the job. Sluice never sends it to clients. */
  readonly tenant: string;
  readonly version: number;
  readonly status: JobStatus;
  /** Number of the run, from 1. */
  readonly run: number;
  readonly collection: string | undefined;
  /** Outcome of the run; absent while it goes on. */
  readonly outcome: Outcome | undefined;
  readonly terminal: boolean;
  /** Epoch of `version`. */
  readonly epoch: string;
  /** Time of publication by Redis' clock, in ms; absent for a state that was read. */
  readonly publishedAt: number | undefined;
  /**
   * Offset up to which a client has everything once it has this state and those before it. The feed sets it. A read state
   * has none.
   */
  offset = 0;
  #serialised: JobHash | string;

  constructor(hash: JobHash, epoch: string, publishedAt?: number) {
    this.id = hash['id'] ?? '';
    const { tenant } = hash;
    // Shares one string among all states, because each watcher compares it.
    this.tenant = tenant === undefined || tenant === DEFAULT_TENANT ? DEFAULT_TENANT : tenant;
    this.version = toVersion(hash);
    const standing = toStatus(hash);
    this.status = standing.status;
    this.run = toRun(hash);
    this.collection = toNames(hash).collection;
    this.outcome = outcomeOf(standing);
    this.terminal = this.outcome !== undefined;
    this.epoch = epoch;
    this.publishedAt = publishedAt;
    this.#serialised = hash;
  }

  /**
   * JSON of the job view: the same bytes for polling, WebSocket and server-sent events. The getter makes it on demand,
   * because a newer state replaces most states before a send. It then drops the hash, which takes three times the memory.
   */
  get json(): string {
    if (typeof this.#serialised !== 'string') this.#serialised = JSON.stringify(toJobView(this.#serialised));
    return this.#serialised;
  }
}

/** Returns whether `state` is newer. Versions of different epochs do not compare, so the later state wins. */
export function isNewer(state: JobState, known: { epoch: string; version: number } | undefined): boolean {
  return known === undefined || state.epoch !== known.epoch || state.version > known.version;
}

/** Returns whether all states belong to an epoch. It skips absent ones. */
export function areOf(epoch: string, states: Iterable<JobState | undefined>): boolean {
  for (const state of states) if (state && state.epoch !== epoch) return false;
  return true;
}

import type { JobHash } from './to-job.ts';

/**
 * The fields of a job that scripts read and publish, in the order of an event's values: all that the Job shows, and
 * what every transition looks at. The payload, the longest by far, is not among them. `loadScripts` hands this very
 * list to the scripts. First come those that depend on Redis' time: `report` puts them before what a worker has
 * composed, see {@link valuesAfter}.
 */
export const JOB_FIELDS = [
  'updated_at',
  'completed_at',
  'result',
  'id',
  'type',
  'status',
  'progress',
  'message',
  'filename',
  'collection',
  'error',
  'error_code',
  'retry_count',
  'max_retries',
  'started_at',
  'created_at',
  'version',
  'run',
  'attempt',
  'stalls',
  'stage',
  'pages_done',
  'pages_total',
  'pages_unread',
  'chunks_done',
  'chunks_total',
  'tenant',
  'token',
  // Append new fields, because nodes of both versions exchange events during an upgrade.
  'fraction',
] as const;

/** A place in the life of a Redis: versions only compare within one history. */
export interface HistoryPosition {
  /** The history's name. */
  history: string;
  /** How many transitions all jobs together have made. */
  sequence: number;
}

/** One transition of a job, as the scripts publish it on the job's channel. */
export interface JobEvent extends HistoryPosition {
  /** When it was, by Redis' clock (ms). */
  publishedAt: number;
  /** The job after the transition. */
  hash: JobHash;
}

/** An event as it is published: a value for each of {@link JOB_FIELDS}, `false` where the job lacks the field. */
type RawJobEvent = [history: string, sequence: number, publishedAt: number, values: (string | false)[]];

/**
 * Reads what a script published.
 * @throws for what no script has written
 */
export function parseJobEvent(message: string): JobEvent {
  const [history, sequence, publishedAt, values] = JSON.parse(message) as RawJobEvent;
  const whole = Number.isFinite(sequence) && Number.isFinite(publishedAt) && Array.isArray(values);
  if (typeof history !== 'string' || !whole) throw new TypeError('not an event of a job');
  return { history, sequence, publishedAt, hash: toHash(values) };
}

/** Names the values of {@link JOB_FIELDS}; those of fields that the job lacks are `false`. */
export function toHash(values: readonly (string | false)[]): JobHash {
  const hash: JobHash = {};
  for (const [i, field] of JOB_FIELDS.entries()) {
    const value = values[i];
    if (typeof value === 'string') hash[field] = value;
  }
  return hash;
}

/** The values that follow a field's, as JSON without the opening bracket. */
export function valuesAfter(field: 'updated_at' | 'result', hash: JobHash): string {
  const rest = JOB_FIELDS.slice(JOB_FIELDS.indexOf(field) + 1);
  return JSON.stringify(rest.map((name) => hash[name] ?? false)).slice(1);
}

/**
 * Reads only where in the history an event stands: cheap, for events of jobs that nobody watches.
 * @returns `undefined` for what no script has written
 */
export function eventPosition(message: string): HistoryPosition | undefined {
  const found = POSITION.exec(message);
  return found ? { history: found[1] as string, sequence: Number(found[2]) } : undefined;
}

const POSITION = /^\["([^"]*)",(\d+),/;

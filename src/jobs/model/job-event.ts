import type { JobHash } from './job-view.ts';

/**
 * Lists the fields of a job that scripts read and publish, in the order of an event's values. They are all fields of the
 * job view and of the transitions. The payload, by far the longest, is not among them. `loadScripts` passes this list to
 * the scripts. Fields that depend on Redis' time come first, because `report` puts them before a worker's values
 * ({@link valuesAfter}).
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

/** Position of an event. Versions compare within one epoch only. */
export interface StreamPosition {
  /** Names the life of one Redis. */
  epoch: string;
  /** Number of transitions that all jobs have made. */
  offset: number;
}

/** One transition of a job, as the scripts publish it on the job's channel. */
export interface JobEvent extends StreamPosition {
  /** Time of the transition, by Redis' clock (ms). */
  publishedAt: number;
  /** The job after the transition. */
  hash: JobHash;
}

/** A published event. It has a value for each of {@link JOB_FIELDS}, `false` where the job lacks the field. */
type RawJobEvent = [epoch: string, offset: number, publishedAt: number, values: (string | false)[]];

/**
 * Parses an event.
 * @throws for text that no script published
 */
export function parseJobEvent(message: string): JobEvent {
  const [epoch, offset, publishedAt, values] = JSON.parse(message) as RawJobEvent;
  const whole = Number.isFinite(offset) && Number.isFinite(publishedAt) && Array.isArray(values);
  if (typeof epoch !== 'string' || !whole) throw new TypeError('not an event of a job');
  return { epoch, offset, publishedAt, hash: toHash(values) };
}

/** Names the values of {@link JOB_FIELDS}. A field that the job lacks has the value `false`. */
export function toHash(values: readonly (string | false)[]): JobHash {
  const hash: JobHash = {};
  for (const [i, field] of JOB_FIELDS.entries()) {
    const value = values[i];
    if (typeof value === 'string') hash[field] = value;
  }
  return hash;
}

/** Encodes the values that follow a field's, as JSON without the opening bracket. */
export function valuesAfter(field: 'updated_at' | 'result', hash: JobHash): string {
  const rest = JOB_FIELDS.slice(JOB_FIELDS.indexOf(field) + 1);
  return JSON.stringify(rest.map((name) => hash[name] ?? false)).slice(1);
}

/**
 * Parses only the position of an event. This is cheap, because most events are of unwatched jobs.
 * @returns `undefined` for text that no script published
 */
export function eventPosition(message: string): StreamPosition | undefined {
  const found = POSITION.exec(message);
  return found ? { epoch: found[1] as string, offset: Number(found[2]) } : undefined;
}

const POSITION = /^\["([^"]*)",(\d+),/;

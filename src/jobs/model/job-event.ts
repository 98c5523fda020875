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
  'batch',
  'waiting_for',
  'time_left_ms',
  'ocr_done',
  'ocr_total',
  'hidden_left_out',
] as const;

/** Position of an event. Versions compare within one epoch only. */
export interface StreamPosition {
  /** Names the life of one Redis. */
  epoch: string;
  /** Number of transitions that all jobs have made. */
  offset: number;
}

/** Values of {@link JOB_FIELDS}, `false` where the job lacks the field. */
type Values = readonly (string | false)[];

/** Transitions that one script made, as it publishes them on the channel of the first job. */
export interface JobEvents extends StreamPosition {
  /** Time of the transitions, by Redis' clock (ms). */
  publishedAt: number;
  /** Each changed job after its transition, in their order. The first has {@link StreamPosition.offset}. */
  jobs: readonly Values[];
}

/** Parses a published message; `undefined` for text that no script published. */
export function parseJobEvents(message: string): JobEvents | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(message);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  const [epoch, offset, publishedAt, ...jobs] = parsed as [string, number, number, ...Values[]];
  const isWhole = Number.isSafeInteger(offset) && Number.isFinite(publishedAt) && jobs.every(Array.isArray);
  if (typeof epoch !== 'string' || !isWhole || jobs.length === 0) return undefined;
  return { epoch, offset, publishedAt, jobs };
}

const ID_PLACE = JOB_FIELDS.indexOf('id');

/** Returns the id that a job's values name; `undefined` for none, as in the event of another program. */
export function jobIdOf(values: Values): string | undefined {
  const id = values[ID_PLACE];
  return typeof id === 'string' ? id : undefined;
}

/** Names the values of {@link JOB_FIELDS}. A field that the job lacks has the value `false`. */
export function toHash(values: Values): JobHash {
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

/** Parses the position that begins a canary; `undefined` for other text. */
export function canaryPosition(message: string): StreamPosition | undefined {
  const found = POSITION.exec(message);
  return found ? { epoch: found[1] as string, offset: Number(found[2]) } : undefined;
}

const POSITION = /^\["([^"]*)",(\d+),/;

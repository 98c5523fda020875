import type { HistoryPosition } from './job-history.ts';
import type { JobHash } from './to-job.ts';

/**
 * The fields of a job that scripts read and publish, in the order of an event's values: all that the Job shows, and
 * what every transition looks at. The payload, the longest by far, is not among them. `loadScripts` hands this very
 * list to the scripts. The first is what a script alone can know of a report: see {@link eventValues}.
 */
export const JOB_FIELDS = [
  'updated_at',
  'id',
  'type',
  'status',
  'progress',
  'message',
  'filename',
  'collection',
  'result',
  'error',
  'error_code',
  'retry_count',
  'max_retries',
  'started_at',
  'completed_at',
  'created_at',
  'version',
  'run',
  'attempt',
  'stalls',
  'stage',
  'pages_done',
  'pages_total',
  'chunks_done',
  'chunks_total',
  'tenant',
  'token',
] as const;

/** One transition of a job, as the scripts publish it on the job's channel. */
export interface JobEvent {
  /** The history that the job's `version` belongs to. */
  history: string;
  /** How many transitions all jobs together have made; grows by one with each. */
  sequence: number;
  /** When it was, by Redis' clock (ms). */
  publishedAt: number;
  /** The job after the transition. */
  hash: JobHash;
}

/** An event as it is published: a value for each of {@link JOB_FIELDS}, `false` where the job lacks the field. */
export type RawJobEvent = [
  history: string,
  sequence: number,
  publishedAt: number,
  values: (string | false)[],
];

/**
 * Reads what a script published.
 * @throws for what no script has written
 */
export function parseJobEvent(message: string): JobEvent {
  const event = JSON.parse(message) as RawJobEvent;
  const [history, sequence, publishedAt, values] = event;
  const whole = Number.isFinite(sequence) && Number.isFinite(publishedAt) && Array.isArray(values);
  if (typeof history !== 'string' || !whole) throw new TypeError('not an event of a job');
  return toJobEvent(event);
}

/** Names an event's values. */
export function toJobEvent([history, sequence, publishedAt, values]: RawJobEvent): JobEvent {
  const hash: JobHash = {};
  for (const [i, field] of JOB_FIELDS.entries()) {
    const value = values[i];
    if (typeof value === 'string') hash[field] = value;
  }
  return { history, sequence, publishedAt, hash };
}

/** What a script publishes of a job after its `updated_at`: the JSON of its values, without the opening bracket. */
export function eventValues(hash: JobHash): string {
  return JSON.stringify(AFTER_UPDATED_AT.map((field) => hash[field] ?? false)).slice(1);
}

const AFTER_UPDATED_AT = JOB_FIELDS.slice(1);

/**
 * Reads only where in the history an event stands: cheap, for events of jobs that nobody watches.
 * @returns `undefined` for what no script has written
 */
export function eventPosition(message: string): HistoryPosition | undefined {
  const found = POSITION.exec(message);
  return found ? { history: found[1] as string, sequence: Number(found[2]) } : undefined;
}

const POSITION = /^\["([^"]*)",(\d+),/;

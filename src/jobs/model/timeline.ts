import { JOB_STATUSES, STAGES, type Timeline } from '../../contract/job.ts';
import type { JobHash } from './job-view.ts';

/** Longest timeline and longest message of an entry. `transition.lua` has the same limits, in bytes. */
const LONGEST_TIMELINE = 8192;
const LONGEST_MESSAGE = 300;
/** Most entries that a client gets, the last ones. */
export const MOST_EVENTS = 100;

/** The documented messages, which an entry leaves out: of statuses, and of stages. */
const MESSAGES: Readonly<Record<string, string | undefined>> = {
  queued: 'Waiting for worker...',
  completed: 'Upload completed successfully',
  parse: 'Parsing document...',
  chunk: 'Chunking text...',
  embed: 'Generating embeddings...',
  store: 'Storing in vector DB...',
};

type TimelineEvent = Timeline['events'][number];

/**
 * Adds an entry to the timeline in a job's hash, in the form of `transition.lua`: time, run, attempt, stage or else status,
 * error code and message, with tabs between.
 * @param atMs time of the entry by Redis' clock
 */
export function addEntry(job: JobHash, atMs: number, message = job['message'] ?? ''): string {
  const { timeline = '', run = '1', attempt = '', status = '', stage = status, error_code = '' } = job;
  const state = status === 'processing' ? stage : status;
  const isKnown = message === MESSAGES[state];
  const text = isKnown
    ? ''
    : message
        .replaceAll(/\p{Cc}/gu, ' ')
        .slice(0, LONGEST_MESSAGE)
        .toWellFormed();
  const entry = [Math.floor(atMs), run, attempt, state, error_code, text].join('\t');
  const longer = `${timeline}${entry}\n`;
  if (Buffer.byteLength(longer) <= LONGEST_TIMELINE) return longer;
  const kept = Buffer.from(longer).subarray(-LONGEST_TIMELINE);
  return kept.subarray(kept.indexOf('\n') + 1).toString();
}

/** Reads the last entries of a timeline. It leaves out lines that another program wrote. */
export function readTimeline(text = ''): Timeline {
  const events = text.split('\n').flatMap((line) => readEntry(line) ?? []);
  return { events: events.slice(-MOST_EVENTS) };
}

function readEntry(line: string): TimelineEvent | undefined {
  const [at = '', run, attempt, state = '', code, ...message] = line.split('\t');
  if (!/^\d{1,15}$/.test(at) || message.length === 0) return undefined;
  const stage = STAGES.find((one) => one === state);
  const status = JOB_STATUSES.find((one) => one === state);
  return {
    at_ms: Number(at),
    status: status ?? (stage ? 'processing' : 'queued'),
    stage,
    run: whole(run) ?? 1,
    attempt: whole(attempt),
    message: message.join('\t') || (MESSAGES[state] ?? ''),
    error_code: code === '' ? undefined : code,
  };
}

function whole(text = ''): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

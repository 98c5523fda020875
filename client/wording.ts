import { outcomeOf, type Job } from '../src/contract/job.ts';

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const UNITS = ['KB', 'MB', 'GB'];
/** Keeps a number and its unit on one line. */
const NBSP = '\u00a0';

/** Formats a count: “1,204 chunks”, “1 chunk”. */
export function quantity(count: number, noun: string): string {
  return `${WHOLE.format(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Formats a size: “14 bytes”, “168 KB”, “2.8 MB”. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return quantity(bytes, 'byte');
  let size = bytes / 1000;
  let unit = 0;
  for (; size >= 999.5 && unit < UNITS.length - 1; unit++) size /= 1000;
  return `${(unit === 0 ? WHOLE : TENTHS).format(size)}${NBSP}${UNITS[unit]}`;
}

/** Formats a duration that is over: “1.5 s”, “1 min 05 s”. */
export function duration(ms: number): string {
  return ms < 60_000 ? `${TENTHS.format(ms / 1000)}${NBSP}s` : elapsed(ms);
}

/** Formats a running duration in whole seconds: “12 s”, “1 min 05 s”, “2 h 03 min”. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60)
    return `${WHOLE.format(Math.floor(minutes / 60))}${NBSP}h ${padded(minutes % 60)}${NBSP}min`;
  return minutes > 0 ? `${minutes}${NBSP}min ${padded(seconds % 60)}${NBSP}s` : `${seconds}${NBSP}s`;
}

function padded(value: number): string {
  return String(value).padStart(2, '0');
}

/** Formats the present count of a job: “312 of 619 pages” during parsing, later “1,204 of 4,310 chunks”. */
export function countsOf({ stage, counts = {} }: Job): string {
  const parsing = stage === 'parse';
  const done = parsing ? counts.pages_done : counts.chunks_done;
  const total = parsing ? counts.pages_total : counts.chunks_total;
  if (total === undefined) return '';
  return `${WHOLE.format(done ?? 0)} of ${quantity(total, parsing ? 'page' : 'chunk')}`;
}

/** Formats “3 pages hold no text and were not read.”; empty if there are none. */
export function unreadOf({ counts: { pages_unread: unread = 0 } = {} }: Job): string {
  if (unread === 0) return '';
  return `${quantity(unread, 'page')} ${unread === 1 ? 'holds no text and was' : 'hold no text and were'} not read.`;
}

/** Formats a failure: “Parsing failed: The file is protected by a password. …”, or “Cancelled”. */
export function failureOf(job: Job): string {
  const { message, error } = job;
  if (outcomeOf(job) === 'cancelled' || error === undefined || error === message) return message;
  return `${message}: ${error}`;
}

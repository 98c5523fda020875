import type { BatchView } from '../../contract/batches/batch.ts';
import type { StageCosts } from '../model/stage-costs.ts';

const STATUSES = ['queued', 'processing', 'retrying', 'completed', 'failed', 'cancelled'] as const;
const FAILURE = 'failure:';

/** The hash `batch:counts:{tenant}:{name}`. Every value is text, and another program may have written it. */
export type BatchCounts = Record<string, string>;

/** Returns a count; `NaN` for text that is none. */
function count(text = '0'): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

function failuresOf(counts: BatchCounts): Record<string, number> {
  const named = Object.entries(counts).filter(([field]) => field.startsWith(FAILURE));
  return Object.fromEntries(named.map(([field, text]) => [field.slice(FAILURE.length), count(text)]));
}

/**
 * Returns whether counts fit each other and the number of jobs. Scripts keep them so.
 * @param found `jobs` is the number of shares, `listed` the number of jobs that a list or a bulk call reads
 */
export function addsUp({
  counts,
  jobs,
  listed,
}: {
  counts: BatchCounts;
  jobs: number;
  listed: number;
}): boolean {
  const total = STATUSES.reduce((sum, status) => sum + count(counts[status]), 0);
  const failures = Object.values(failuresOf(counts)).reduce((sum, failed) => sum + failed, 0);
  const isTimed = jobs === 0 || (count(counts['created_ms']) > 0 && count(counts['updated_ms']) > 0);
  return (
    total === jobs &&
    listed === jobs &&
    // A failed job of another program may lack a code.
    failures <= count(counts['failed']) &&
    count(counts['bytes_done']) <= count(counts['bytes']) &&
    isTimed
  );
}

/** Pace of the workers. */
interface Pace {
  costs: StageCosts | undefined;
  /** Number of jobs that run now. */
  running: number;
}

/** Makes the view of a batch whose counts add up. */
export function toBatchView(batch: string, counts: BatchCounts, pace: Pace): BatchView {
  const byStatus = Object.fromEntries(
    STATUSES.map((status) => [status, count(counts[status])]),
  ) as BatchView['counts'];
  return {
    batch,
    created_at: toTime(counts['created_ms']),
    updated_at: toTime(counts['updated_ms']),
    total: STATUSES.reduce((sum, status) => sum + byStatus[status], 0),
    counts: byStatus,
    bytes: { total: count(counts['bytes']), done: count(counts['bytes_done']) },
    time_left_ms: timeLeft(byStatus, count(counts['bytes']) - count(counts['bytes_done']), pace),
    failures: failuresOf(counts),
  };
}

function timeLeft(
  { queued, processing, retrying }: BatchView['counts'],
  bytes: number,
  { costs, running }: Pace,
): number | undefined {
  const open = queued + processing + retrying;
  if (open === 0 || !costs) return undefined;
  // A run takes time whatever its size. So small files overrate the bytes of a large one, and large files underrate
  // many small ones. The geometric mean of both estimates halves the error.
  const ms = Math.sqrt(bytes * costs.of_byte * open * costs.of_run);
  // Not all of the running jobs need be of the batch, and a batch with few jobs left does not use them all.
  return Math.round(ms / Math.max(1, Math.min(running, open)));
}

/** Formats a time (ms) with whole seconds, as jobs show it. */
function toTime(ms: string | undefined): string {
  return `${new Date(count(ms)).toISOString().slice(0, 19)}Z`;
}

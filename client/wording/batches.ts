import type { BatchView } from '../../src/contract/batches/batch.ts';
import { whole } from './numbers.ts';

/** Returns the number of jobs that have not ended. */
export function openOf({ counts }: BatchView): number {
  return counts.queued + counts.processing + counts.retrying;
}

/** Formats a batch: “27 of 30 completed, 3 failed”. */
export function summaryOf({ total, counts }: BatchView): string {
  const parts = [`${whole(counts.completed)} of ${whole(total)} completed`];
  if (counts.failed > 0) parts.push(`${whole(counts.failed)} failed`);
  if (counts.cancelled > 0) parts.push(`${whole(counts.cancelled)} cancelled`);
  return parts.join(', ');
}

/** Lists the failures by code, the most frequent first. The cancelled jobs are a group of their own. */
export function groupsOf({ failures, counts }: BatchView): { code: string; count: number }[] {
  const groups = Object.entries(failures).map(([code, count]) => ({ code, count }));
  if (counts.cancelled > 0) groups.push({ code: 'cancelled', count: counts.cancelled });
  return groups.sort((a, b) => b.count - a.count);
}

import type { Job } from '../../src/contract/job.ts';
import { shownStatus } from '../wording/jobs.ts';
import { compareTexts } from '../wording/texts.ts';
import type { Sending } from './upload-queue.ts';

/** A row of the list: a file on its way, or a job of the server. */
export type Row = { type: 'sending'; item: Sending } | { type: 'job'; job: Job };

/** Parts of the list. */
export const GROUPS = ['all', 'active', 'failed', 'completed', 'cancelled'] as const;
export type Group = (typeof GROUPS)[number];

/** Returns the part of the list that a row belongs to. */
export function groupOf(row: Row): Exclude<Group, 'all'> {
  if (row.type === 'sending') return row.item.state === 'refused' ? 'failed' : 'active';
  const status = shownStatus(row.job);
  return status === 'completed' || status === 'failed' || status === 'cancelled' ? status : 'active';
}

export const nameOf = (row: Row): string =>
  row.type === 'sending' ? row.item.file.name : (row.job.filename ?? row.job.collection ?? row.job.id);

export function countGroups(rows: readonly Row[]): Record<Group, number> {
  const counts = { all: rows.length, active: 0, failed: 0, completed: 0, cancelled: 0 };
  for (const row of rows) counts[groupOf(row)]++;
  return counts;
}

/** Joins files on their way and the server's jobs: the files first, then the newest jobs. */
export function listRows(
  items: readonly Sending[],
  jobs: ReadonlyMap<string, Job>,
  earlier: readonly Job[],
): Row[] {
  const all = [...jobs.values(), ...earlier.filter(({ id }) => !jobs.has(id))];
  // Times have whole seconds, in which files of a folder come together.
  all.sort(
    (a, b) =>
      compareTexts(b.created_at, a.created_at) ||
      compareTexts(a.filename, b.filename) ||
      compareTexts(a.id, b.id),
  );
  const sending = items.filter(({ jobId }) => jobId === undefined || !jobs.has(jobId));
  return [
    ...sending.map((item): Row => ({ type: 'sending', item })),
    ...all.map((job): Row => ({ type: 'job', job })),
  ];
}

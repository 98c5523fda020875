import { outcomeOf } from '../../contract/job.ts';
import { JOB_FILTER_FIELDS, type JobFilter } from '../../contract/jobs.ts';
import { toNames, toStatus, type JobHash, type JobState } from './job-view.ts';

/** Filters that compare what a watcher knows of a job. */
export type ShownFilter = Pick<JobFilter, 'collection' | 'status'>;

/** Fields of a job's hash that each filter compares. */
const COMPARED: Record<keyof JobFilter, readonly string[]> = {
  status: ['status', 'error_code'],
  error_code: ['status', 'error_code'],
  collection: ['collection'],
  filename: ['filename'],
  created_after: ['created_at'],
  created_before: ['created_at'],
  batch: ['batch'],
};

/** Lists the fields of a job's hash that {@link matchesFilter} compares for a filter. */
export function comparedFields(filter: JobFilter): string[] {
  const names = JOB_FILTER_FIELDS.filter((name) => filter[name] !== undefined);
  return [...new Set(names.flatMap((name) => COMPARED[name]))];
}

/** Returns whether a job matches every field of a filter, by the same values that its job view shows. */
export function matchesFilter(hash: JobHash, filter: JobFilter): boolean {
  const { status, error_code, collection, filename, batch, created_after, created_before } = filter;
  if (status || error_code) {
    const shown = toStatus(hash);
    if (status && !isAmong(status, { status: shown.status, outcome: outcomeOf(shown) })) return false;
    if (error_code && (shown.error_code === undefined || !error_code.includes(shown.error_code)))
      return false;
  }
  if (collection !== undefined || filename !== undefined) {
    const names = toNames(hash);
    if (collection !== undefined && names.collection !== collection) return false;
    if (filename !== undefined && names.filename !== filename) return false;
  }
  if (batch !== undefined && hash['batch'] !== batch) return false;
  if (created_after === undefined && created_before === undefined) return true;
  // NaN, of a job without a readable time, is neither.
  const created = Date.parse(hash['created_at'] ?? '');
  return created >= (created_after ?? -Infinity) && created < (created_before ?? Infinity);
}

/** Returns whether a state matches, as {@link matchesFilter} does. */
export function isShown(state: JobState, { collection, status }: ShownFilter): boolean {
  if (collection !== undefined && state.collection !== collection) return false;
  return status === undefined || isAmong(status, state);
}

function isAmong(
  wanted: NonNullable<JobFilter['status']>,
  { status, outcome }: Pick<JobState, 'status' | 'outcome'>,
): boolean {
  return wanted.includes(status) || (outcome === 'cancelled' && wanted.includes('cancelled'));
}

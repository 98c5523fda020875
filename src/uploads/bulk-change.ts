import type { Redis } from 'ioredis';

import type { BlobStore } from '../blobs/blob-store.ts';
import type { StoreProver } from '../blobs/open-original.ts';
import { ERROR_CODES } from '../contract/error-codes.ts';
import type { BulkResult, JobFilter, JobSelection, JobSort } from '../contract/jobs.ts';
import { AppError } from '../errors.ts';
import { findMatching } from '../jobs/reads/matching-jobs.ts';
import { MOST_WALKED, walkRecent } from '../jobs/reads/recent-jobs.ts';
import type { JobStore } from '../jobs/reads/job-store.ts';
import type { JobQueue } from '../jobs/transitions/job-queue.ts';
import type { Keys } from '../redis/keys.ts';
import { cancelUpload } from './cancel-upload.ts';
import { eachAtOnce } from './each-at-once.ts';
import { rerunUpload } from './rerun-upload.ts';

/** Most failed jobs that a result names. It counts all of them. */
const MOST_NAMED = 100;

interface BulkServices {
  redis: Redis;
  keys: Keys;
  queue: JobQueue;
  store: JobStore;
  blobs: BlobStore;
  installation: StoreProver;
}

/** A change of one job, as the call for one job makes it. */
interface Change {
  /** Jobs that it can change. */
  changeable: JobFilter;
  sort: JobSort;
  /** @returns whether it changed the job */
  make: (tenant: string, id: string, services: BulkServices) => Promise<boolean>;
  /** Code of a job that has changed by itself meanwhile. */
  tooLate?: string;
}

/** Reruns failed jobs, and ends the delay of waiting ones. Oldest first, because the queue keeps that order. */
export const RETRY: Change = {
  changeable: { status: ['failed', 'retrying'] },
  sort: 'oldest',
  async make(tenant, id, services) {
    const before = await rerunUpload(tenant, id, services);
    return before === 'failed' || before === 'retrying';
  },
};

/**
 * Cancels jobs that have not ended. Newest first, because workers take the oldest, and because the walk then sees no job
 * that is made meanwhile.
 */
export const CANCEL: Change = {
  changeable: { status: ['queued', 'processing', 'retrying'] },
  sort: 'newest',
  make: async (tenant, id, services) => (await cancelUpload(tenant, id, services)).changed,
  tooLate: 'job_has_ended',
};

/**
 * Changes a tenant's jobs that match a filter, some at once. Looks at {@link MOST_WALKED} jobs at most.
 * @param signal stops between two jobs, because the client has gone
 * @throws {AppError} `invalid_cursor`; the error of the first job that finds the queue or the blob store away. Jobs
 * before it are changed, and a further call does not change them again
 */
export async function changeJobs(
  tenant: string,
  { limit, cursor, ...filter }: JobSelection,
  change: Change,
  services: BulkServices,
  signal: AbortSignal,
): Promise<BulkResult> {
  const result: BulkResult = { matched: 0, changed: 0, skipped: 0, failed: [] };
  const range = { sort: change.sort, cursor, ...filter };
  let looked = 0;
  for await (const { ids, isLast } of walkRecent(services, tenant, range)) {
    const found = await findMatching(services, tenant, ids, [filter, change.changeable]);
    const taken = found.slice(0, limit - result.matched);
    await eachAtOnce(taken, signal, async (id) => {
      result.matched++;
      await changeOne(tenant, id, change, services, result);
    });
    const end = result.matched === limit ? taken.at(-1) : ids.at(-1);
    if (isLast && end === ids.at(-1)) return result;
    looked += ids.length;
    if (result.matched === limit || looked >= MOST_WALKED || signal.aborted)
      return { ...result, next_cursor: end };
  }
  return result;
}

async function changeOne(
  tenant: string,
  id: string,
  { make, tooLate }: Change,
  services: BulkServices,
  result: BulkResult,
): Promise<void> {
  try {
    if (await make(tenant, id, services)) result.changed++;
    else result.skipped++;
  } catch (error) {
    if (!(error instanceof AppError) || ERROR_CODES[error.code].http[0] >= 500) throw error;
    if (error.code === tooLate || error.code === 'job_not_found') result.skipped++;
    else if (result.failed.length < MOST_NAMED)
      result.failed.push({ id, code: error.code, detail: error.message });
  }
}

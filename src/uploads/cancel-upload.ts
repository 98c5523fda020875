import { AppError } from '../errors.ts';
import type { JobQueue } from '../jobs/transitions/job-queue.ts';
import type { JobStore } from '../jobs/reads/job-store.ts';
import type { JobState } from '../jobs/model/job-view.ts';
import type { BlobStore } from '../blobs/blob-store.ts';

/**
 * Cancels a tenant's job, so that it stays cancelled if Redis loses the change later. If Redis loses it before this
 * resolves, the job may run, because no response has promised its end.
 * @returns the job's state now; `changed` is false for a job that was cancelled before
 * @throws {AppError} `job_not_found`; `job_has_ended` if it has completed or failed by itself
 */
export async function cancelUpload(
  tenant: string,
  id: string,
  { queue, store, blobs }: { queue: JobQueue; store: JobStore; blobs: BlobStore },
): Promise<{ state: JobState; changed: boolean }> {
  if (!(await store.readUpload(tenant, id))) throw new AppError('job_not_found');
  const before = await queue.cancel(id);
  if (before === 'completed' || before === 'failed')
    throw new AppError('job_has_ended', `The job has ${before}.`);
  const [state, upload] = await Promise.all([store.read(tenant, id), store.readUpload(tenant, id)]);
  if (!state || !upload) throw new AppError('job_not_found');
  if (state.outcome === 'cancelled' && upload.payload) {
    // If this fails, a sweep writes the note.
    await blobs.ended.note(upload.payload.file_key, id, 'cancelled', state.epoch).catch(() => {});
  }
  return { state, changed: before !== 'cancelled' };
}

import type { JobStatus } from '../contract/job.ts';
import { AppError } from '../errors.ts';
import type { JobQueue } from '../jobs/transitions/job-queue.ts';
import type { JobStore } from '../jobs/reads/job-store.ts';
import { BlobNotFoundError } from '../blobs/blob-paths.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { openOriginal, type StoreProver } from '../blobs/open-original.ts';
import { storageProblem } from './storage-problem.ts';

/**
 * Reruns a tenant's failed job, cancelled ones included. Stores the rerun as safely as the first run. Ends the delay of
 * a job that waits for a retry. Other jobs stay unchanged.
 * @returns the job's status before
 * @throws {AppError} `job_not_found`; `file_gone` when its file was removed; `disk_full`; `storage_unavailable` unless
 * the store is proved
 */
export async function rerunUpload(
  tenant: string,
  id: string,
  services: { queue: JobQueue; store: JobStore; blobs: BlobStore; installation: StoreProver },
): Promise<JobStatus> {
  const { queue, store, blobs, installation } = services;
  const found = await store.readUpload(tenant, id);
  if (!found) throw new AppError('job_not_found');
  const { status, run, version, payload } = found;
  // The job may have run and failed since the read.
  if (status === 'retrying')
    return (await queue.retryNow(id, version)) ? status : rerunUpload(tenant, id, services);
  if (status !== 'failed') return status;
  if (payload) {
    const manifest = { job_id: id, tenant, payload, run: run + 1 };
    const restore = () => blobs.restoreManifest(payload.file_key, manifest);
    await openOriginal(installation, restore, 0).catch((cause: unknown) => {
      throw cause instanceof BlobNotFoundError
        ? new AppError('file_gone', undefined, { cause })
        : storageProblem(cause);
    });
  }
  const before = await queue.rerun(id, run);
  if (before === undefined) throw new AppError('job_not_found');
  return before;
}

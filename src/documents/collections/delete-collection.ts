import { MAX_DELETED, type CollectionDeletion } from '../../contract/documents.ts';
import { AppError } from '../../errors.ts';
import { findMatching } from '../../jobs/reads/matching-jobs.ts';
import { CANCEL } from '../../uploads/bulk-change.ts';
import { cancelUpload } from '../../uploads/cancel-upload.ts';
import { eachAtOnce } from '../../uploads/each-at-once.ts';
import { deleteDocuments, type BulkDeletionServices } from '../delete-documents.ts';
import { collectionNotFound } from './collection-not-found.ts';

/** Jobs per read. More would block Redis and this process for long. */
const READ_AT_ONCE = 200;

/**
 * Cancels the jobs of a tenant's collection that have not ended, then deletes its documents, {@link MAX_DELETED} of both at
 * most. A job that completes before its cancel has made its document before the documents are read. An upload that comes
 * meanwhile may stay.
 * @param signal stops between two of them, because the client has gone
 * @throws {AppError} `collection_not_found` if it has neither a document nor such a job; `queue_unavailable`, `disk_full`,
 * `storage_unavailable`, and the same call continues
 */
export async function deleteCollection(
  tenant: string,
  name: string,
  services: BulkDeletionServices,
  signal: AbortSignal,
): Promise<CollectionDeletion> {
  const jobs = await cancelJobs(tenant, name, services, signal);
  const limit = MAX_DELETED - jobs.found;
  if (limit === 0 || signal.aborted)
    return { documents_deleted: 0, jobs_cancelled: jobs.cancelled, more: true };
  const { matched, deleted, next_cursor } = await deleteDocuments(
    tenant,
    { collection: name, limit },
    services,
    signal,
  );
  const more = next_cursor !== undefined;
  if (jobs.found + matched === 0 && !more) throw collectionNotFound(name);
  return { documents_deleted: deleted, jobs_cancelled: jobs.cancelled, more };
}

/** Cancels jobs of every state before the end: waiting for a worker, an attempt or an equal job, or at work. */
async function cancelJobs(
  tenant: string,
  collection: string,
  services: BulkDeletionServices,
  signal: AbortSignal,
): Promise<{ found: number; cancelled: number }> {
  const { redis, keys } = services;
  // A scan may return an id twice.
  const found = new Set<string>();
  let cancelled = 0;
  let cursor = '0';
  do {
    const [next, ids] = await redis.sscan(keys.active, cursor, 'COUNT', READ_AT_ONCE);
    const filters = [{ collection }, CANCEL.changeable];
    const live = (await findMatching(services, tenant, ids, filters)).filter((id) => !found.has(id));
    const taken = live.slice(0, MAX_DELETED - found.size);
    for (const id of taken) found.add(id);
    await eachAtOnce(taken, signal, async (id) => {
      if (await cancel(tenant, id, services)) cancelled++;
    });
    cursor = next;
  } while (cursor !== '0' && found.size < MAX_DELETED && !signal.aborted);
  return { found: found.size, cancelled };
}

/** @returns whether the call cancelled the job; false for one that ended or expired meanwhile */
async function cancel(tenant: string, id: string, services: BulkDeletionServices): Promise<boolean> {
  try {
    return (await cancelUpload(tenant, id, services)).changed;
  } catch (error) {
    if (error instanceof AppError && (error.code === 'job_has_ended' || error.code === 'job_not_found'))
      return false;
    throw error;
  }
}

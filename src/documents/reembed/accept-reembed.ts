import { randomUUID } from 'node:crypto';

import type { UploadAccepted } from '../../contract/upload.ts';
import type { ReembedJobs } from '../../jobs/transitions/reembed-jobs.ts';
import type { Collections } from '../collections/collections.ts';
import { collectionNotFound } from '../collections/collection-not-found.ts';

/**
 * Queues a job that embeds all chunks of a collection with the processor's present model. Sluice serves the former vectors
 * until the job switches to the new ones.
 * @returns the acknowledgement of the new job, or of one under way
 * @throws {AppError} `collection_not_found` if it has no document; `queue_unavailable`
 */
export async function acceptReembed(
  tenant: string,
  collection: string,
  { collections, reembeds }: { collections: Pick<Collections, 'get'>; reembeds: Pick<ReembedJobs, 'start'> },
): Promise<UploadAccepted> {
  // Counts documents of an older version first.
  await collections.get(tenant, collection);
  const id = randomUUID();
  const job = await reembeds.start({ tenant, collection }, id);
  if (!job) throw collectionNotFound(collection);
  const message =
    job.id === id ? 'Collection queued to be embedded again' : 'A job already embeds the collection again';
  return { job_id: job.id, status: job.status, message, created_at: job.createdAt };
}

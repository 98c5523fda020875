import { randomUUID } from 'node:crypto';

import type { UploadAccepted } from '../contract/upload.ts';
import { AppError } from '../errors.ts';
import type { IncompleteDocuments, ReindexJob } from '../jobs/transitions/incomplete-documents.ts';
import type { JobPayload } from '../jobs/model/job-payload.ts';
import { BlobNotFoundError } from '../blobs/blob-paths.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { openOriginal, type StoreProver } from '../blobs/open-original.ts';
import { storageProblem } from '../uploads/storage-problem.ts';
import type { DocumentRegistry, StoredDocument } from './registry.ts';
import { originalSettings } from './original-settings.ts';

/** Attempts while uploads replace the document between the read and the enqueue. Then the call gives up. */
const MOST_LOOKS = 3;

export interface ReindexServices {
  blobs: BlobStore;
  installation: StoreProver;
  registry: DocumentRegistry;
  incomplete: IncompleteDocuments;
}

/**
 * Indexes a document again on a client's request. Sluice serves the present chunks until the job has completed.
 * @returns the acknowledgement of the new job, or of one under way
 * @throws {AppError} `document_not_found`; `file_gone` when its original is not in the store
 */
export async function acceptReindex(
  tenant: string,
  id: string,
  services: ReindexServices,
): Promise<UploadAccepted> {
  for (let looks = 1; looks <= MOST_LOOKS; looks++) {
    const document = await services.registry.get(tenant, id);
    const job = await reindexDocument(document, services);
    if (!job) continue;
    const message = job.made
      ? 'Document queued to be indexed again'
      : 'The document is being indexed already';
    return { job_id: job.id, status: job.status, message, created_at: job.createdAt };
  }
  throw new AppError('queue_unavailable', 'The document is being replaced. Try again in a moment.');
}

/**
 * Queues a job that makes a document's chunks again from its original, with the same settings.
 * @returns the job, and whether this call made it; `undefined` when the document has changed since the read
 * @throws {AppError} `file_gone`, `disk_full`, `storage_unavailable`
 */
export async function reindexDocument(
  document: StoredDocument,
  { blobs, installation, incomplete }: Omit<ReindexServices, 'registry'>,
): Promise<(ReindexJob & { made: boolean }) | undefined> {
  const { id, tenant, generation, filename, collection, file_key, size, metadata } = document;
  await ensureOriginal(file_key, blobs, installation);
  const payload: JobPayload = {
    filename,
    file_size: size,
    collection,
    ...(await originalSettings(document, blobs)),
    file_key,
    ...(document.media_type !== undefined && { media_type: document.media_type }),
    ...(document.content_hash !== undefined && { content_hash: document.content_hash }),
    metadata,
    document_id: id,
    replaces_generation: generation,
  };
  const jobId = randomUUID();
  const job = await incomplete.reindex({ id, generation }, jobId, tenant, payload);
  return job && { ...job, made: job.id === jobId };
}

async function ensureOriginal(key: string, blobs: BlobStore, installation: StoreProver): Promise<void> {
  try {
    // The job itself compares the original with the upload.
    const { stream } = await openOriginal(installation, () => blobs.read(key, {}), 0);
    stream.destroy();
  } catch (cause) {
    throw cause instanceof BlobNotFoundError
      ? new AppError('file_gone', undefined, { cause })
      : storageProblem(cause);
  }
}

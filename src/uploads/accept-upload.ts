import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { UploadAccepted } from '../contract/upload.ts';
import { AppError } from '../errors.ts';
import type { JobPayload } from '../jobs/job-payload.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { BlobStore } from './blob-store.ts';
import { receiveUpload } from './receive-upload.ts';

/**
 * Takes an upload in. When this resolves the file and its manifest are on the disk and its job is queued:
 * from then on it cannot be lost. When it throws, nothing of it is left.
 * @param maxBytes the largest file taken
 * @returns the documented acknowledgement
 * @throws {AppError}
 */
export async function acceptUpload(
  request: IncomingMessage,
  { blobs, queue, tenant, maxBytes }: { blobs: BlobStore; queue: JobQueue; tenant: string; maxBytes: number },
): Promise<UploadAccepted> {
  const id = randomUUID();
  const blob = blobs.create(tenant, id);
  try {
    const { fields, filename, mediaType, size, contentHash } = await receiveUpload(request, blob, maxBytes);
    const payload: JobPayload = {
      filename,
      file_size: size,
      ...fields,
      file_key: blob.key,
      ...(mediaType !== undefined && { media_type: mediaType }),
      content_hash: contentHash,
    };
    await blob.commit({ job_id: id, tenant, payload }).catch((cause: unknown) => {
      throw new AppError('storage_unavailable', undefined, { cause });
    });
    const { status, createdAt } = await queue.enqueue(id, tenant, payload).catch((cause: unknown) => {
      throw new AppError('queue_unavailable', 'Nothing was stored. Try again in a moment.', { cause });
    });
    return { job_id: id, status, message: 'Upload queued for processing', created_at: createdAt };
  } catch (error) {
    await blob.discard();
    throw error;
  }
}

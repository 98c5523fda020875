import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { UploadAccepted } from '../contract/upload.ts';
import { AppError } from '../errors.ts';
import type { JobPayload } from '../jobs/job-payload.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { Logger } from '../logger.ts';
import type { BlobStore } from './blob-store.ts';
import { enqueueInTime } from './enqueue-in-time.ts';
import { receiveUpload } from './receive-upload.ts';

/**
 * Takes an upload in. When this resolves the file and its manifest are on the disk and its job is queued:
 * from then on it cannot be lost. When it throws, nothing of it is left.
 * @param maxBytes the largest file taken
 * @param idempotencyKey requests with the same key make one job, whatever became of the first one's answer
 * @returns the documented acknowledgement
 * @throws {AppError}
 */
export async function acceptUpload(
  request: IncomingMessage,
  {
    blobs,
    queue,
    logger,
    tenant,
    maxBytes,
    idempotencyKey,
  }: {
    blobs: BlobStore;
    queue: JobQueue;
    logger: Logger;
    tenant: string;
    maxBytes: number;
    idempotencyKey: string | undefined;
  },
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
    const idempotency =
      idempotencyKey === undefined ? undefined : { key: idempotencyKey, fingerprint: fingerprint(payload) };
    const made = await enqueueInTime(queue, logger, id, tenant, payload, idempotency);
    if (made === 'conflict') throw new AppError('idempotency_key_reused');
    // Sent before: its job has the file already.
    if (made.id !== id) await blob.discard();
    return {
      job_id: made.id,
      status: 'queued',
      message: 'Upload queued for processing',
      created_at: made.createdAt,
    };
  } catch (error) {
    await blob.discard();
    throw error;
  }
}

/** What a request amounts to: the same file under the same name, to be processed the same way. */
function fingerprint({ file_key: _fileKey, ...asked }: JobPayload): string {
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}

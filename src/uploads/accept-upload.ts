import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { UploadAccepted } from '../contract/upload.ts';
import { AppError } from '../errors.ts';
import type { JobPayload } from '../jobs/model/job-payload.ts';
import type { JobQueue } from '../jobs/transitions/job-queue.ts';
import type { OpenBody } from '../limits/limiter.ts';
import type { Logger } from '../logging/logger.ts';
import type { BlobStore, BlobWriter } from '../blobs/blob-store.ts';
import { enqueueInTime } from './enqueue-in-time.ts';
import type { FreeSpace } from './free-space.ts';
import type { StoreProver } from '../blobs/open-original.ts';
import { receiveUpload, type UploadLimits } from './receive-upload.ts';
import { storageProblem } from './storage-problem.ts';
import type { UploadConnection } from './upload-connection.ts';

/** Rest in ms before files of a refused upload are removed again: an installation compares its stores as often. */
const DISCARD_AGAIN_MS = 3000;

interface UploadServices {
  blobs: BlobStore;
  space: FreeSpace;
  connection: UploadConnection;
  queue: JobQueue;
  installation: StoreProver;
  logger: Logger;
  tenant: string;
  limits: UploadLimits;
  /** Counts the upload's bytes against its client's limits. */
  body: OpenBody;
  /** Requests with the same key make one job, whatever became of the first one's response. */
  idempotencyKey: string | undefined;
}

/**
 * Takes an upload in. When this resolves the file and its manifest are on the disk and its job is queued:
 * from then on it cannot be lost. When it throws, nothing of it is left, or remains once the store is back.
 * @returns the documented acknowledgement
 * @throws {AppError}
 */
export async function acceptUpload(
  request: IncomingMessage,
  services: UploadServices,
): Promise<UploadAccepted> {
  const { queue, installation, logger, tenant, idempotencyKey } = services;
  const id = randomUUID();
  const blob = services.blobs.create(tenant, id);
  try {
    const { fields, filename, mediaType, size, contentHash } = await receiveUpload(request, blob, services);
    const payload: JobPayload = {
      filename,
      file_size: size,
      ...fields,
      file_key: blob.key,
      ...(mediaType !== undefined && { media_type: mediaType }),
      content_hash: contentHash,
    };
    const idempotency =
      idempotencyKey === undefined ? undefined : { key: idempotencyKey, fingerprint: fingerprint(payload) };
    // Its job may be done within milliseconds, and puts the manifest away then.
    await blob.describe({ job_id: id, tenant, payload, idempotency }).catch((cause: unknown) => {
      throw storageProblem(cause);
    });
    // Side by side: the response waits for both, and the time of one is saved.
    const [stored, queued] = await Promise.allSettled([
      // A folder that was unmounted since the last comparison may have taken the files in its place.
      blob.commit().then(() => installation.proveBlobs()),
      enqueueInTime(services.connection, queue, logger, id, tenant, payload, idempotency),
    ]);
    if (queued.status === 'rejected') throw queued.reason;
    const made = queued.value;
    if (stored.status === 'rejected') {
      // Its file may not last, so the job must not run, or stop.
      await queue.withdraw(id, tenant, fields.collection, idempotencyKey);
      throw storageProblem(stored.reason);
    }
    if (made === 'conflict') throw new AppError('idempotency_key_reused');
    // Sent before: its job has the file already.
    if (made.id !== id) await discard(blob, services);
    return {
      job_id: made.id,
      status: 'queued',
      message: 'Upload queued for processing',
      created_at: made.createdAt,
    };
  } catch (error) {
    await discard(blob, services);
    throw error;
  }
}

/**
 * Removes a blob that no job uses. Resolves after the first try, because the response does not depend on it. Files of a
 * store that is away come back with it, and a Redis that is rolled back by then would queue their job again. So the
 * tries go on until the store is proved.
 */
async function discard(
  blob: BlobWriter,
  services: Pick<UploadServices, 'installation' | 'logger'>,
): Promise<void> {
  const { installation, logger } = services;
  const tryAgain = (error: unknown) => {
    logger.warn('a refused upload cannot be removed yet', { file: blob.key, error });
    setTimeout(() => void discard(blob, services), DISCARD_AGAIN_MS).unref();
  };
  await blob.discard().then(() => void installation.proveBlobs().catch(tryAgain), tryAgain);
}

/** Hashes a request. Equal hashes mean the same file, name and settings. */
function fingerprint({ file_key: _fileKey, ...asked }: JobPayload): string {
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}

import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { MAX_BATCH_JOBS } from '../contract/batches/batch.ts';
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
import { receiveUpload, type AdmitCollection, type UploadLimits } from './receive-upload.ts';
import { storageProblem } from './storage-problem.ts';
import type { UploadConnection } from './upload-connection.ts';

/** Pause in ms between tries to remove a refused upload's files. An installation compares its stores as often. */
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
  /** Refuses an upload whose collection does not take the model. */
  admit: AdmitCollection;
  /** Requests with the same key make one job, even if the client never got the first response. */
  idempotencyKey: string | undefined;
}

/**
 * Stores an upload and queues its job. It resolves once the file and its manifest are on the disk and the job is queued.
 * From then on Sluice cannot lose it. If it throws, it leaves nothing, or removes the rest once the store is back.
 * @returns the documented acknowledgement, and the names of the form fields that had no effect
 * @throws {AppError}
 */
export async function acceptUpload(
  request: IncomingMessage,
  services: UploadServices,
): Promise<{ accepted: UploadAccepted; ignored: string[] }> {
  const { queue, installation, logger, tenant, idempotencyKey } = services;
  const id = randomUUID();
  const blob = services.blobs.create(tenant, id);
  try {
    const received = await receiveUpload(request, blob, services);
    const { fields, filename, mediaType, size, contentHash, ignored } = received;
    const { priority, ...given } = fields;
    const payload: JobPayload = {
      filename,
      file_size: size,
      ...given,
      ...(priority === 'bulk' && { priority }),
      file_key: blob.key,
      ...(mediaType !== undefined && { media_type: mediaType }),
      content_hash: contentHash,
    };
    const idempotency =
      idempotencyKey === undefined ? undefined : { key: idempotencyKey, fingerprint: fingerprint(payload) };
    // Comes before the job, because the note of the job's end is a second name of the manifest.
    const described = blob.describe({ job_id: id, tenant, payload, idempotency });
    // Asks Redis meanwhile. A busy process takes as long to send the question as to write the manifest.
    const admitted = received.admit();
    // `enqueueInTime` awaits it.
    admitted.catch(() => {});
    await described.catch((cause: unknown) => {
      throw storageProblem(cause);
    });
    // If the store was unmounted since the last comparison, a folder in its place may hold the files.
    const storing = Promise.all([blob.commit(), installation.proveBlobs()]);
    if (fields.on_duplicate === 'replace')
      // Comes before the job, because no withdrawal could bring the replaced version back.
      await storing.catch((cause: unknown) => {
        throw storageProblem(cause);
      });
    // At the same time, because the response waits for both.
    const [stored, queued] = await Promise.allSettled([
      storing,
      enqueueInTime(admitted, services.connection, queue, logger, id, tenant, payload, idempotency),
    ]);
    if (queued.status === 'rejected') throw queued.reason;
    const made = queued.value;
    if (stored.status === 'rejected') {
      // The file may not last, so its job must not run, or must stop.
      await queue.withdraw(id, tenant, fields.collection, idempotencyKey);
      throw storageProblem(stored.reason);
    }
    if (made === 'conflict') throw new AppError('idempotency_key_reused');
    if (made === 'batch_full')
      throw new AppError('batch_full', `The batch has ${MAX_BATCH_JOBS} jobs, the most that one takes.`);
    // An earlier request with this key made the job, which has its file.
    if (made.id !== id) await discard(blob, services);
    const accepted: UploadAccepted = {
      job_id: made.id,
      status: 'queued',
      message: 'Upload queued for processing',
      created_at: made.createdAt,
    };
    return { accepted, ignored };
  } catch (error) {
    await discard(blob, services);
    throw error;
  }
}

/**
 * Removes a blob that no job uses. Resolves after the first try, because the response does not depend on it. The files of
 * a store that is away return with it. Then a worker would queue their job again if Redis was rolled back. So this
 * function retries until the store is proved.
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

/** Hashes a request. Equal hashes mean the same file, name and settings. A retry may name another batch or priority. */
function fingerprint({
  file_key: _fileKey,
  batch: _batch,
  priority: _priority,
  ...asked
}: JobPayload): string {
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}

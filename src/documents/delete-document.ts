import { AppError } from '../errors.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { StoreProver } from '../blobs/open-original.ts';
import type { JobStore } from '../jobs/reads/job-store.ts';
import type { DocumentDeletion } from '../jobs/transitions/document-deletion.ts';
import type { JobQueue } from '../jobs/transitions/job-queue.ts';
import type { Tombstones } from '../jobs/transitions/tombstones.ts';
import { cancelUpload } from '../uploads/cancel-upload.ts';
import { storageProblem } from '../uploads/storage-problem.ts';
import { ownManifest } from './edits/own-manifest.ts';
import type { DocumentRegistry } from './registry.ts';

export interface DeletionServices {
  registry: DocumentRegistry;
  deletion: DocumentDeletion;
  blobs: BlobStore;
  store: JobStore;
  queue: JobQueue;
  tombstones: Tombstones;
  installation: StoreProver;
}

/** Looks at a document that replacements change meanwhile. */
const MOST_LOOKS = 3;

/**
 * Deletes a tenant's document, so that it stays deleted if Redis loses the change later. Jobs that would write it again end
 * cancelled. For a document whose first job has not ended, cancels that job. Sweeps then delete the chunks, and the originals
 * of the document and of the cancelled jobs.
 * @throws {AppError} `document_not_found`; `disk_full`, `storage_unavailable`
 */
export async function deleteDocument(tenant: string, id: string, services: DeletionServices): Promise<void> {
  const { registry, deletion, blobs, store, installation } = services;
  let wasThere = false;
  for (let looks = 1; looks <= MOST_LOOKS; looks++) {
    const [document] = await registry.read([id]);
    // A resent command or another call has deleted it.
    if (!document && wasThere) return;
    if (document?.tenant !== tenant) break;
    wasThere = true;
    const { collection, file_key: key } = document;
    const epoch = await store.epoch();
    const manifest = await ownManifest(document, blobs, installation);
    const note = async () => {
      if (!manifest) return;
      await blobs.ended.note(key, manifest.job_id, 'deleted', epoch).catch((cause: unknown) => {
        throw storageProblem(cause);
      });
    };
    // Comes first. If Redis goes back to before the deletion, a worker repeats it by the note.
    await note();
    const cancelled = await deletion.delete(tenant, collection, id);
    if (!cancelled) continue;
    // A change of the document at this moment may have removed the note, as that of a failed deletion.
    await note();
    if (manifest) await blobs.ended.forget(manifest.job_id, 'completed', 'edited');
    for (const job of cancelled) await discard(tenant, id, job, services);
    return;
  }
  if (wasThere) throw new AppError('queue_unavailable', 'The document is changing. Try again in a moment.');
  await deleteFirstJob(tenant, id, services);
}

/** Cancels the first job of a document that does not exist yet, and discards its upload. */
async function deleteFirstJob(tenant: string, id: string, services: DeletionServices): Promise<void> {
  const first = await services.store.readUpload(tenant, id);
  if (!first || first.outcome) throw new AppError('document_not_found');
  let outcome: string | undefined;
  try {
    outcome = (await cancelUpload(tenant, id, services)).state.outcome;
  } catch (error) {
    // It has completed meanwhile, so the document exists now.
    if (!(error instanceof AppError && error.code === 'job_has_ended')) throw error;
    return deleteDocument(tenant, id, services);
  }
  // Redis has lost the cancel at once.
  if (outcome !== 'cancelled')
    throw new AppError('queue_unavailable', 'Redis has lost the deletion. Try again in a moment.');
  await discard(tenant, id, id, services);
}

/**
 * Notes the original of a cancelled job as deleted, so that a sweep deletes the file. Keeps the original of a job for another
 * document.
 */
async function discard(tenant: string, id: string, job: string, services: DeletionServices): Promise<void> {
  const { blobs, store, tombstones } = services;
  const [state, upload] = await Promise.all([store.read(tenant, job), store.readUpload(tenant, job)]);
  if (state?.outcome !== 'cancelled' || !upload?.payload) return;
  const { file_key, document_id = job } = upload.payload;
  if (document_id !== id) return;
  // A reindex job has no original of its own.
  const manifest = await blobs.manifest(file_key).catch(() => undefined);
  if (manifest?.job_id !== job) return;
  // If this fails, the original stays as long as that of any cancelled job.
  await blobs.ended.note(file_key, job, 'deleted', state.epoch).catch(() => {});
  await blobs.ended.forget(job, 'cancelled').catch(() => {});
  await tombstones.write({ job_id: '', payload: { document_id, file_key } }, 0);
}

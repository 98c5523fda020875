import type { BlobStore } from '../../blobs/blob-store.ts';
import type { ClaimedJob } from '../../jobs/model/claimed-job.ts';
import type { Logger } from '../../logging/logger.ts';

/**
 * Notes that a completed job has replaced a document's original. Otherwise a Redis that lost all data would get the former
 * content back.
 * @param former key of the original before
 */
export async function noteReplaced(
  former: string,
  { work }: Pick<ClaimedJob, 'work'>,
  epoch: string,
  blobs: BlobStore,
  logger: Logger,
): Promise<void> {
  if (!work.ok || work.payload.file_key === former) return;
  try {
    const manifest = await blobs.manifest(former);
    // The file may be the original of another document, too.
    if (!manifest || (manifest.payload.document_id ?? manifest.job_id) !== work.documentId) return;
    await blobs.removeCheckpoint(former);
    await blobs.ended.note(former, manifest.job_id, 'replaced', epoch);
    // A deletion that failed after its note must not be repeated on the new version.
    await blobs.ended.forget(manifest.job_id, 'completed', 'edited', 'deleted');
  } catch (error) {
    logger.warn('the former original of a document could not be noted as replaced', { error });
  }
}

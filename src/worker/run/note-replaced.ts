import type { BlobStore } from '../../blobs/blob-store.ts';

/**
 * Notes that a completed job has replaced a document's original. Otherwise a Redis that lost all data would get the
 * former content back. Idempotent.
 * @param former key of the original before
 * @param key key of the job's own original
 */
export async function noteReplaced(
  former: string,
  key: string,
  documentId: string,
  epoch: string,
  blobs: BlobStore,
): Promise<void> {
  if (key === former) return;
  const manifest = await blobs.manifest(former);
  // The file may be the original of another document, too.
  if (!manifest || (manifest.payload.document_id ?? manifest.job_id) !== documentId) return;
  await blobs.removeCheckpoint(former);
  await blobs.ended.note(former, manifest.job_id, 'replaced', epoch);
  // A deletion that failed after its note must not be repeated on the new version.
  await blobs.ended.forget(manifest.job_id, 'completed', 'edited', 'deleted');
}

import type { BlobStore } from '../../blobs/blob-store.ts';
import type { ClaimedJob } from '../../jobs/model/claimed-job.ts';
import type { JobPayload } from '../../jobs/model/job-payload.ts';

/**
 * Returns whether a job restores a document that Redis has lost. A Redis restored from an older copy may hold the job as
 * its upload made it. So the blob store decides, too.
 */
export async function restoresDocument({ id, work }: ClaimedJob, blobs: BlobStore): Promise<boolean> {
  if (!work.ok) return false;
  if (isRestoration(work.payload)) return true;
  // Comes before the manifest, because the recovery writes the manifest and then removes this note.
  if (await blobs.ended.has(id, 'completed')) return true;
  const manifest = await blobs.manifest(work.payload.file_key);
  return manifest?.job_id === id && isRestoration(manifest.payload);
}

function isRestoration({ document_id, on_duplicate }: JobPayload): boolean {
  return document_id !== undefined && on_duplicate === 'keep';
}

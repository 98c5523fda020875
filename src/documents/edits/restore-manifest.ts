import * as v from 'valibot';

import type { BlobStore } from '../../blobs/blob-store.ts';
import type { Manifest } from '../../blobs/manifest.ts';
import { JobPayloadSchema } from '../../jobs/model/job-payload.ts';
import type { StoredDocument } from '../registry.ts';

/**
 * Restores the missing manifest of a document's original from the registry. An older version removed manifests. Notes the
 * end of its job, and the edit of its metadata.
 * @param epoch an epoch that was current before the caller read the document
 * @throws {BlobNotFoundError} when the original itself is gone
 */
export async function restoreManifest(
  document: StoredDocument,
  epoch: string,
  blobs: BlobStore,
): Promise<Manifest> {
  const manifest = manifestOf(document);
  const { job_id, edited_ms, payload } = manifest;
  await blobs.restoreManifest(payload.file_key, manifest);
  await blobs.ended.note(payload.file_key, job_id, 'completed', epoch);
  if (edited_ms !== undefined) await blobs.ended.note(payload.file_key, job_id, 'edited', epoch);
  return manifest;
}

/** Makes a document's manifest from the registry. Unknown settings take the defaults. */
function manifestOf({ id, tenant, size, edited_ms, ...document }: StoredDocument): Manifest {
  const payload = v.parse(JobPayloadSchema, { ...document, document_id: id, file_size: size });
  return { job_id: id, tenant, payload, ...(edited_ms > 0 && { edited_ms }) };
}

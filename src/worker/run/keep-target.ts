import type { BlobStore } from '../../blobs/blob-store.ts';
import type { JobPayload } from '../../jobs/model/job-payload.ts';

/**
 * Keeps the document that an upload replaces in its manifest, because the claim has chosen it.
 * @param former key of the document's original; `undefined` without a document
 */
export async function keepTarget(
  payload: JobPayload,
  former: string | undefined,
  blobs: BlobStore,
): Promise<void> {
  const { file_key: key, on_duplicate, document_id } = payload;
  // The upload of a document that misses its original replaces it, too.
  if (on_duplicate !== 'replace' && on_duplicate !== 'skip') return;
  const manifest = await blobs.manifest(key);
  if (!manifest) return;
  // The job may have completed before, and Redis has lost its end.
  const replaces = former === key ? manifest.replaces : former;
  if (manifest.payload.document_id === document_id && manifest.replaces === replaces) return;
  // The metadata stay those of the manifest. A Redis that went back has lost their edit.
  await blobs.restoreManifest(key, { ...manifest, replaces, payload: { ...manifest.payload, document_id } });
}

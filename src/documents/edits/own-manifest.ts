import { BlobNotFoundError } from '../../blobs/blob-paths.ts';
import type { BlobStore } from '../../blobs/blob-store.ts';
import type { Manifest } from '../../blobs/manifest.ts';
import type { StoreProver } from '../../blobs/open-original.ts';
import { storageProblem } from '../../uploads/storage-problem.ts';
import type { StoredDocument } from '../registry.ts';

/**
 * Reads the manifest beside a document's original. Proves the store for a missing manifest, because an unmounted folder holds
 * none either.
 * @returns `undefined` without a manifest, for one of another document, and for a key outside the store. Another program may
 * have written such a key.
 * @throws {AppError} `storage_unavailable`
 */
export async function ownManifest(
  { id, file_key }: Pick<StoredDocument, 'id' | 'file_key'>,
  blobs: BlobStore,
  installation: StoreProver,
): Promise<Manifest | undefined> {
  try {
    const manifest = await blobs.manifest(file_key);
    if (!manifest) await installation.proveBlobs();
    // The file may be the original of another document, too.
    return manifest && (manifest.payload.document_id ?? manifest.job_id) === id ? manifest : undefined;
  } catch (cause) {
    if (cause instanceof BlobNotFoundError) return undefined;
    throw storageProblem(cause);
  }
}

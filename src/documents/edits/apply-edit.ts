import { BlobNotFoundError } from '../../blobs/blob-paths.ts';
import type { BlobStore } from '../../blobs/blob-store.ts';
import type { StoreProver } from '../../blobs/open-original.ts';
import type { JobStore } from '../../jobs/reads/job-store.ts';
import type { DocumentEdits } from '../../jobs/transitions/document-edits.ts';
import { storageProblem } from '../../uploads/storage-problem.ts';
import type { DocumentRegistry, StoredDocument } from '../registry.ts';
import type { VectorStore } from '../vector-store.ts';
import { isLost, repeatEdit } from './lost-edit.ts';
import { ownManifest } from './own-manifest.ts';
import { restoreManifest } from './restore-manifest.ts';

/** Most reads of a document that other edits, or jobs, change meanwhile. */
const MOST_LOOKS = 4;

export interface EditServices {
  registry: DocumentRegistry;
  edits: DocumentEdits;
  blobs: BlobStore;
  vectors: Pick<VectorStore, 'updateMetadata'>;
  store: Pick<JobStore, 'epoch'>;
  installation: StoreProver;
}

/**
 * Writes a document's present metadata to the manifest beside its original, then to its chunks. It starts anew if the document
 * changes meanwhile. It may run twice at once, and for a finished edit.
 * @returns false if the document changed each time, so that its edit is still pending
 * @throws {AppError} `disk_full`, `storage_unavailable`; {@link DependencyError}, or the signal's reason
 */
export async function applyEdit(id: string, services: EditServices, signal: AbortSignal): Promise<boolean> {
  const { registry, edits, vectors, store } = services;
  for (let looks = 1; looks <= MOST_LOOKS; looks++) {
    const epoch = await store.epoch();
    const [document] = await registry.read([id]);
    if (!document) return true;
    if (!(await keepEdit(document, epoch, services))) continue;
    const { collection, generation, chunk_count: chunkCount, metadata } = document;
    await vectors.updateMetadata({ collection, id, generation, chunkCount }, metadata, signal);
    if (await edits.finish(document)) return true;
  }
  return false;
}

/**
 * Writes a document's metadata into its manifest, and notes the edit. If Redis loses the edit, a worker finds the note and
 * repeats the edit from the manifest. Restores a missing manifest, because an older version removed it.
 * @returns false if the manifest held a later edit, which Redis had lost
 */
async function keepEdit(document: StoredDocument, epoch: string, services: EditServices): Promise<boolean> {
  const { blobs, edits, installation } = services;
  const { file_key: key, metadata, edited_ms } = document;
  const manifest = await ownManifest(document, blobs, installation);
  if (!manifest) {
    await restoreMissing(document, epoch, blobs);
    return true;
  }
  if (isLost(document, manifest)) {
    await repeatEdit(document, manifest, edits);
    return false;
  }
  try {
    if ((manifest.edited_ms ?? 0) < edited_ms)
      await blobs.editManifest(key, { ...manifest, payload: { ...manifest.payload, metadata }, edited_ms });
    await blobs.ended.note(key, manifest.job_id, 'edited', epoch);
  } catch (cause) {
    throw storageProblem(cause);
  }
  return true;
}

/** Restores a missing manifest with the edit. It makes none beside an original that is gone, or is another document's. */
async function restoreMissing(document: StoredDocument, epoch: string, blobs: BlobStore): Promise<void> {
  try {
    if (!(await blobs.manifest(document.file_key))) await restoreManifest(document, epoch, blobs);
  } catch (cause) {
    if (!(cause instanceof BlobNotFoundError)) throw storageProblem(cause);
  }
}

import { SluiceError, type Sluice } from '../sdk/sluice.ts';
import type { Document } from '../../src/contract/documents.ts';
import { askBeforeLeaving } from '../state/ask-before-leaving.ts';

/**
 * Uploads a new version of a document, with its name, settings and metadata.
 * @param onSent gets the sent share, from 0 to 1
 * @returns the id of the job
 * @throws {SluiceError} if another document of this name is newer, because the server replaces the newest
 */
export async function replaceDocument(
  sluice: Sluice,
  document: Document,
  blob: Blob,
  onSent: (share: number) => void,
): Promise<string> {
  const { id, filename, collection } = document;
  const { documents } = await sluice.documents({ collection, filename, limit: 1 });
  const [newest] = documents;
  if (newest && newest.id !== id)
    throw new SluiceError(
      'not_newest',
      `A newer document of this name is in “${collection}”. Replace that one, or delete it first.`,
    );
  const upload = sluice.upload(
    { name: filename, blob },
    {
      collection,
      on_duplicate: 'replace',
      chunking_strategy: document.chunking_strategy,
      chunk_size: document.chunk_size,
      chunk_overlap: document.chunk_overlap,
      metadata: document.metadata,
      onProgress: ({ sent, size }) => onSent(size === 0 ? 1 : sent / size),
    },
  );
  const { job_id } = await askBeforeLeaving(upload.accepted);
  return job_id;
}

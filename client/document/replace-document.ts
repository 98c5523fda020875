import type { Upload } from '../sdk/api.ts';
import { SluiceError, type Sluice } from '../sdk/sluice.ts';
import type { Document } from '../../src/contract/documents.ts';
import { askBeforeLeaving } from '../state/ask-before-leaving.ts';

/** State of a new version on its way to the server. */
export type SentVersion = Pick<Upload, 'state' | 'sent' | 'size' | 'problem'>;

/**
 * Uploads a new version of a document, with its name, settings and metadata.
 * @param onSent called as the upload goes on
 * @param signal keeps the present version. If the server has the new one already, its job is cancelled
 * @returns the id of the job
 * @throws {SluiceError} `aborted` after `signal`; `not_newest` if another document of this name is newer, because the server
 * replaces the newest
 */
export async function replaceDocument(
  sluice: Sluice,
  document: Document,
  blob: Blob,
  onSent: (sent: SentVersion) => void,
  signal: AbortSignal,
): Promise<string> {
  const { id, filename, collection } = document;
  const { documents } = await sluice.documents({ collection, filename, limit: 1 }, { signal });
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
      include_hidden: document.include_hidden,
      metadata: document.metadata,
      onProgress: ({ state, sent, size, problem }) => onSent({ state, sent, size, problem }),
    },
  );
  const abort = () => {
    // With the last byte sent, the server may have stored it. Then its job is cancelled.
    if (upload.state !== 'sending' || upload.sent < upload.size) upload.abort();
  };
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const { job_id } = await askBeforeLeaving(upload.accepted);
  if (!signal.aborted) return job_id;
  await sluice.cancel(job_id);
  throw new SluiceError('aborted', 'The new version is cancelled.');
}

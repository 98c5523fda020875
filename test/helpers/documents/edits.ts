import type { Document } from '../../../src/contract/documents.ts';
import type { Metadata } from '../../../src/contract/upload.ts';
import { editDocument, type EditorServices } from '../../../src/documents/edits/edit-document.ts';
import { documentFields } from '../../../src/documents/registry.ts';
import { EditSweep } from '../../../src/worker/recovery/edit-sweep.ts';
import { EndedRecovery } from '../../../src/worker/recovery/ended-recovery.ts';
import { keepTarget } from '../../../src/worker/run/keep-target.ts';
import {
  blobs,
  keys,
  payloadOf,
  queue,
  redis,
  services,
  signal,
  TTL_SECONDS,
  upload,
} from '../stores/deletion.ts';

export { copyRedis } from '../stores/deletion.ts';

/** Metadata of the chunks, which an edit has reached last. */
export let chunks: Metadata | undefined;

/** Forgets the metadata of the chunks, so that only a later edit shows. */
export function forgetChunks(): void {
  chunks = undefined;
}

const vectors = {
  updateMetadata: async (_: unknown, metadata: Metadata) => void (chunks = metadata),
};

export const all = () => ({ ...services(), vectors });

/** Edits the document `a`, as an api does. */
export async function edit(metadata: object, by: EditorServices = all()): Promise<Document> {
  return editDocument('default', 'a', { ...metadata }, by, signal);
}

export const recover = (epoch: string) =>
  new EndedRecovery(services(), TTL_SECONDS * 1000).sweep(epoch, signal);

export const sweepEdits = () => new EditSweep(all()).sweep(signal);

export const metadataOf = async (id = 'a') => (await services().registry.read([id]))[0]?.metadata;

/** Completes the job that waits, as a worker does. @param meanwhile something that happens after its claim */
export async function work(epoch: string, meanwhile?: () => Promise<unknown>): Promise<void> {
  const [claimed] = (await queue.claim(1)).jobs;
  if (!claimed?.work.ok) throw new Error('no job waits');
  const { payload, documentId } = claimed.work;
  await keepTarget(payload, undefined, blobs);
  await meanwhile?.();
  const made = { id: documentId, tenant: 'default', model: 'm', dimension: 3 };
  const fields = documentFields(payload, { ...made, mediaType: undefined, readerVersion: 'r' });
  const document = { documentId, tenant: 'default', collection: 'papers', chunkCount: 1, fields };
  await queue.complete(claimed, document);
  await blobs.ended.note(payload.file_key, claimed.id, 'completed', epoch);
}

/** Makes the document `a` with metadata. */
export async function ingest(metadata: Metadata): Promise<void> {
  forgetChunks();
  await redis.client.set(keys.epoch, 'older');
  await upload('a', { payload: { ...payloadOf('a'), content_hash: 'x', on_duplicate: 'skip', metadata } });
  await work('older');
}

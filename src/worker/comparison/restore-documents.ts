import { reindexDocument, type ReindexServices } from '../../documents/reindex-document.ts';
import type { StoredDocument } from '../../documents/registry.ts';
import { AppError } from '../../errors.ts';
import type { ComparisonServices, Turn } from './comparison-services.ts';

/**
 * Queues a job for each document that misses chunks and is due, a bounded number at once.
 * @throws {DependencyError} when Chroma cannot be reached
 */
export async function restoreDocuments(services: ComparisonServices, turn: Turn): Promise<void> {
  const { registry, incomplete, logger } = services;
  const ids = await incomplete.due();
  if (ids.length === 0) return;
  const documents = await registry.read(ids);
  const known = new Set(documents.map(({ id }) => id));
  await incomplete.forget(ids.filter((id) => !known.has(id)));
  let [queued, gone] = [0, 0];
  for (const [collection, some] of Map.groupBy(documents, ({ collection }) => collection)) {
    if (!(await turn.keep())) break;
    for (const document of await stillIncomplete(collection, some, services, turn.signal)) {
      const outcome = await restore(document, services);
      if (outcome === 'queued') queued++;
      if (outcome === 'gone') gone++;
    }
  }
  if (queued > 0) logger.warn('documents that miss chunks are indexed again', { documents: queued });
  if (gone > 0) logger.error('documents miss chunks, and their originals are gone', { documents: gone });
}

/**
 * Counts in both stores once more before it queues a job. An operator may have restored Chroma, or Chroma may have returned
 * a low count for a moment. The comparison fills the index, so chunks that only the index misses are those it refuses.
 */
async function stillIncomplete(
  collection: string,
  documents: readonly StoredDocument[],
  { vectors, keywords, incomplete }: ComparisonServices,
  signal: AbortSignal,
): Promise<StoredDocument[]> {
  const counted = documents.map((document) => ({ ...document, chunkCount: document.chunk_count }));
  const inChroma = await vectors.countStored(collection, counted, signal);
  const inIndex = await keywords.countStored(collection, counted, signal);
  const missing = counted.map(
    ({ chunkCount }, i) => chunkCount - Math.min(inChroma[i] ?? 0, inIndex[i] ?? 0),
  );
  await Promise.all(documents.map((document, i) => incomplete.note(document, missing[i] ?? 0)));
  return documents.filter((_, i) => (missing[i] ?? 0) > 0);
}

async function restore(
  document: StoredDocument,
  services: ReindexServices,
): Promise<'queued' | 'gone' | undefined> {
  try {
    const job = await reindexDocument(document, services);
    return job?.made ? 'queued' : undefined;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'file_gone') throw error;
    return (await services.incomplete.noteFileGone(document)) ? 'gone' : undefined;
  }
}

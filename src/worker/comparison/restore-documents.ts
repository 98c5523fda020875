import { reindexDocument, type ReindexServices } from '../../documents/reindex-document.ts';
import type { StoredDocument } from '../../documents/registry.ts';
import { AppError } from '../../errors.ts';
import type { ComparisonServices, Turn } from './comparison-services.ts';
import { countMissing } from './count-missing.ts';

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
 * Counts once more before it queues a job. An operator may have restored Chroma, or Chroma may have returned a low count for
 * a moment.
 */
async function stillIncomplete(
  collection: string,
  documents: readonly StoredDocument[],
  services: ComparisonServices,
  signal: AbortSignal,
): Promise<StoredDocument[]> {
  const noted = documents.map(({ id, generation, chunk_count: chunkCount, missing_chunks: missing = 0 }) => {
    return { id, generation, chunkCount, missing };
  });
  const missing = await countMissing(collection, noted, services, signal);
  await Promise.all(
    noted.map(async (document, i) => {
      const count = missing[i];
      if (count !== undefined) await services.incomplete.note(document, count);
    }),
  );
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

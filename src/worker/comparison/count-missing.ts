import type { ChunkCount } from '../../documents/chunk-counts.ts';
import { DependencyError } from '../../errors.ts';
import type { ComparisonServices } from './comparison-services.ts';

/**
 * Counts the chunks that each document of a collection misses, in order. Chroma decides. The comparison fills the index, so
 * an incomplete document that only the index misses is one that the index refuses. It stays incomplete until the index
 * holds another generation.
 * @returns `undefined` for a document of which the index decides while it is away
 * @throws {DependencyError} when Chroma fails
 */
export async function countMissing(
  collection: string,
  documents: readonly Pick<ChunkCount, 'id' | 'generation' | 'chunkCount' | 'missing'>[],
  { vectors, keywords }: Pick<ComparisonServices, 'vectors' | 'keywords'>,
  signal: AbortSignal,
): Promise<(number | undefined)[]> {
  const inChroma = await vectors.countStored(collection, documents, signal);
  const missing = documents.map(({ chunkCount }, i) => chunkCount - (inChroma[i] ?? 0));
  const refused = documents.filter((document, i) => document.missing > 0 && missing[i] === 0);
  if (refused.length === 0) return missing;
  const inIndex = await keywords.countStored(collection, refused, signal).catch((error: unknown) => {
    if (!(error instanceof DependencyError)) throw error;
    return [];
  });
  const held = new Map(refused.map((document, i) => [document, inIndex[i]]));
  return documents.map((document, i) => {
    if (!held.has(document)) return missing[i];
    const count = held.get(document);
    return count === undefined ? undefined : Math.max(0, document.chunkCount - count);
  });
}

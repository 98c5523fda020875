import type { ChunkCounts } from '../../documents/chunk-counts.ts';
import { DEFAULT_TENANT } from '../../redis/keys.ts';

/** Sums the expected chunks of each collection, without those known to be missing in Chroma. */
export async function expectedChunks(counts: ChunkCounts): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  for await (const page of counts.list(DEFAULT_TENANT))
    for (const { collection, chunkCount, missing } of page)
      sums.set(collection, (sums.get(collection) ?? 0) + chunkCount - missing);
  return sums;
}

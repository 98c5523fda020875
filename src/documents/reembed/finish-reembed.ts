import type { ReembedJobs, NamedCollection } from '../../jobs/transitions/reembed-jobs.ts';
import type { ChunkCounts } from '../chunk-counts.ts';
import type { DocumentRegistry } from '../registry.ts';
import type { VectorStore } from '../vector-store.ts';
import type { RebuiltVectors } from './rebuilt-vectors.ts';

/**
 * Largest assumed difference between the clocks of a worker and of Redis, in ms. A high one only writes some edits twice, which
 * changes nothing.
 */
const CLOCK_DIFFERENCE_MS = 60 * 60 * 1000;

export interface FinishServices {
  rebuilt: Pick<RebuiltVectors, 'present' | 'hasFormer' | 'dropFormer'>;
  vectors: Pick<VectorStore, 'updateMetadata'>;
  reembeds: Pick<ReembedJobs, 'switchModels'>;
  registry: Pick<DocumentRegistry, 'read'>;
  counts: ChunkCounts;
}

/**
 * Makes Redis follow a collection whose vectors were switched: its documents get the model of the vectors. Writes again the
 * metadata that clients have edited since the job began, because the job may have copied the records before. Then deletes the
 * former vectors. Idempotent.
 */
export async function finishReembed(
  named: NamedCollection,
  { rebuilt, vectors, reembeds, registry, counts }: FinishServices,
  signal: AbortSignal,
): Promise<void> {
  const { tenant, collection } = named;
  const rebuild = await rebuilt.present(collection, signal);
  if (!rebuild) return;
  const hasFormer = await rebuilt.hasFormer(collection, signal);
  const mayBeLost = (editedAt = -Infinity) => hasFormer && editedAt > rebuild.beganAt - CLOCK_DIFFERENCE_MS;
  for await (const page of counts.list(tenant, collection)) {
    signal.throwIfAborted();
    const ids = page.map(({ id }) => id);
    await reembeds.switchModels(named, ids, rebuild);
    for (const { id, generation, chunk_count: chunkCount, metadata, edited_ms } of await registry.read(ids))
      if (mayBeLost(edited_ms))
        await vectors.updateMetadata({ id, generation, collection, chunkCount }, metadata, signal);
  }
  await rebuilt.dropFormer(collection, signal);
}

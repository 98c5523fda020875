import type { CutChunk } from '../../contract/services/processor.ts';
import type { ChunkOrigin, EmbeddedChunk } from '../../documents/chunk-record.ts';
import type { EmbeddingModel } from '../../documents/collections/embedding-model.ts';
import type { ProcessorClient } from '../../processor-client/processor-client.ts';
import type { Checkpoints } from './checkpoints.ts';
import { DocumentEmbedder } from './document-embedder.ts';
import type { FormerVectors } from './former-vectors.ts';
import type { RetryingCaller } from './retrying-caller.ts';
import type { ProgressReporter } from './progress-reporter.ts';
import { concurrently } from './concurrently.ts';

/** Batches held at once: one is stored, and two are embedded, so that no lane is idle between them. */
const HELD = 3;

export interface EmbedServices {
  processor: Pick<ProcessorClient, 'embed' | 'health'>;
  stores: {
    upsert(origin: ChunkOrigin, batch: readonly EmbeddedChunk[], signal: AbortSignal): Promise<void>;
  };
  checkpoints: Checkpoints;
  /** Reads the vectors of the document that this one replaces; absent for a new document. */
  former?: (() => Promise<FormerVectors | undefined>) | undefined;
  /** Rejects unless the collection takes the model. */
  ensureTaken: (model: EmbeddingModel) => Promise<void>;
}

/**
 * Embeds and stores chunks in batches at the same time, so that memory does not grow with the document. Batches are
 * stored in order, one at a time. Progress from 60 to 80 follows the embeddings.
 * @returns the embedding model
 * @throws the first error of a call. No write is under way then, unless `signal` cut one.
 */
export async function embedAndStore(
  chunks: readonly CutChunk[],
  origin: ChunkOrigin,
  { processor, stores, checkpoints, former, ensureTaken }: EmbedServices,
  caller: RetryingCaller,
  progress: ProgressReporter,
  signal: AbortSignal,
): Promise<EmbeddingModel> {
  progress.mark('embed', 60, 'Generating embeddings...');
  return concurrently(signal, async (start, either) => {
    let done = 0;
    const onEmbedded = (count: number) => {
      done += count;
      // The next mark reports the last chunks.
      if (done < chunks.length) progress.move(60 + (20 * done) / chunks.length, { chunks_done: done });
    };
    const embedder = new DocumentEmbedder(chunks, {
      processor,
      checkpoints,
      caller,
      start,
      signal: either,
      onEmbedded,
      ensureTaken,
      former: former && (await caller.retryWhileUnavailable(either, former)),
    });

    const store = async (before: Promise<void> | undefined, batch: Promise<EmbeddedChunk[]>) => {
      await before;
      const embedded = await batch;
      await caller.retryWhileUnavailable(either, async () => {
        either.throwIfAborted();
        // Another call's failure does not cut a write, because a store would still carry it out later.
        await stores.upsert(origin, embedded, signal);
      });
      caller.checkpoint();
    };

    await embedder.begin();
    const held: { embedded: Promise<EmbeddedChunk[]>; stored: Promise<void> }[] = [];
    for (let batch = 0; batch < embedder.batches; batch++) {
      if (held.length === HELD) await held.shift()?.stored;
      const before = held.at(-1)?.stored;
      const embedded = start(() => embedder.embed(batch));
      held.push({ embedded, stored: start(() => store(before, embedded)) });
    }
    await Promise.all(held.map(({ embedded }) => embedded));
    progress.mark('embed', 80, 'Embeddings generated', { chunks_done: done });
    progress.mark('store', 80, 'Storing in vector DB...');
    await held.at(-1)?.stored;
    return embedder.model;
  });
}

import type { CutChunk } from '../contract/processor.ts';
import type { ChunkOrigin, EmbeddedChunk } from '../documents/vector-store.ts';
import type { PatientCaller } from './patient-caller.ts';
import type { PipelineServices } from './pipeline.ts';
import type { ProgressReporter } from './progress-reporter.ts';

/** Large, because Chroma's cost is by the write: batches of 250 were the fastest for one writer. */
const STORE_BATCH = 250;

/**
 * Embeds chunks and stores them in batches, side by side, so that memory stays flat however long the
 * document is: at most two store batches are held. Progress follows the embeddings from 60 to 80; what is
 * left to store then is the last batches.
 * @returns the name of the embedding model
 * @throws when a call fails for good; by then no write is under way any more
 */
export async function embedAndStore(
  chunks: CutChunk[],
  origin: ChunkOrigin,
  { processor, vectors }: Pick<PipelineServices, 'processor' | 'vectors'>,
  caller: PatientCaller,
  progress: ProgressReporter,
  signal: AbortSignal,
): Promise<string> {
  await progress.mark('embed', 60, 'Generating embeddings...');
  const oneFailed = new AbortController();
  const either = AbortSignal.any([signal, oneFailed.signal]);
  const { children, embed_batch } = await caller.untilAnswered(() => processor.health());

  let model = '';
  let next = 0;
  let done = 0;
  let embedded: EmbeddedChunk[] = [];
  let storing: Promise<void> = Promise.resolve();

  const store = (batch: EmbeddedChunk[]) => {
    storing = storing
      .then(() => caller.untilAnswered(() => vectors.upsert(origin, batch, either)))
      .then(() => caller.checkpoint());
    // The reason of the abort is what every other call then fails with: the first error is the one reported.
    storing.catch((error: unknown) => oneFailed.abort(error));
  };

  const lane = async () => {
    while (next < chunks.length) {
      const from = next;
      const batch = chunks.slice(from, (next = Math.min(next + embed_batch, chunks.length)));
      const texts = batch.map(({ text }) => text);
      const answer = await caller.untilAnswered(() => processor.embed({ texts }, either));
      model = answer.model;
      for (const [i, embedding] of answer.embeddings.entries()) {
        embedded.push({ ...(batch[i] as CutChunk), index: from + i, embedding });
      }
      done += batch.length;
      progress.move(60 + (20 * done) / chunks.length, { chunks_done: done });
      if (embedded.length >= STORE_BATCH) {
        const [full, before] = [embedded, storing];
        embedded = [];
        store(full);
        await before;
      }
    }
  };

  // One call more than there are children keeps each of them busy while an answer travels.
  const lanes = Array.from({ length: children + 1 }, () =>
    lane().catch((error: unknown) => {
      oneFailed.abort(error);
      throw error;
    }),
  );
  try {
    await Promise.all(lanes);
    await progress.mark('embed', 80, 'Embeddings generated', { chunks_done: done });
    await progress.mark('store', 80, 'Storing in vector DB...');
    if (embedded.length > 0) store(embedded);
    await storing;
    return model;
  } finally {
    await Promise.allSettled([...lanes, storing]);
  }
}

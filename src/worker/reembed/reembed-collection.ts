import { chunkIds, textToEmbed } from '../../documents/chunk-record.ts';
import type { EmbeddingModel } from '../../documents/collections/embedding-model.ts';
import { nextName } from '../../documents/reembed/collection-names.ts';
import { finishReembed, type FinishServices } from '../../documents/reembed/finish-reembed.ts';
import type { Rebuild, RebuiltVectors } from '../../documents/reembed/rebuilt-vectors.ts';
import type { VectorStore } from '../../documents/vector-store.ts';
import { DependencyError } from '../../errors.ts';
import type { ClaimedJob } from '../../jobs/model/claimed-job.ts';
import type { ReembedJobs } from '../../jobs/transitions/reembed-jobs.ts';
import type { ProcessorClient } from '../../processor-client/processor-client.ts';
import { ClaimLostError, type KeptLease } from '../claim/lease-keeper.ts';
import { concurrently, eachInLanes, lanes, type Start } from '../run/concurrently.ts';
import type { ProgressReporter } from '../run/progress-reporter.ts';
import { PermanentJobError } from '../run/retry-policy.ts';
import type { RetryingCaller } from '../run/retrying-caller.ts';

/** Chunks per write, because each call to Chroma has a high fixed cost. */
const CHUNKS_A_WRITE = 250;
/** Writes prepared at once: while Chroma stores one, the processor embeds the other. */
const WRITES_AT_ONCE = 2;

export interface ReembedServices extends FinishServices {
  rebuilt: RebuiltVectors;
  vectors: Pick<VectorStore, 'updateMetadata' | 'countStored'>;
  reembeds: Pick<ReembedJobs, 'hold' | 'switchModels'>;
  processor: ProcessorClient;
  lease: Pick<KeptLease, 'ensureHeld'>;
  caller: RetryingCaller;
}

/**
 * Embeds all chunks of a collection with the processor's present model. The chunks keep their ids, texts and generations, so
 * that the keyword index stays the same. Other jobs of the collection wait meanwhile. An attempt goes on where the last one
 * ended.
 * @param draining ends the work after the switch. A cancel does not, because the new vectors are live.
 * @returns the number of chunks
 * @throws errors for {@link decideRetry}, or the signal's reason when aborted
 */
export async function reembedCollection(
  job: ClaimedJob,
  collection: string,
  services: ReembedServices,
  progress: ProgressReporter,
  signal: AbortSignal,
  draining: AbortSignal,
): Promise<number> {
  const { rebuilt, lease, counts, caller } = services;
  const { tenant } = job;
  const call = <T>(work: () => Promise<T>, until = signal) => caller.retryWhileUnavailable(until, work);
  let total = 0;
  for await (const page of counts.list(tenant, collection)) total += sumOf(page);
  await hold(job, collection, services);
  const finish = () => call(() => finishReembed({ tenant, collection }, services, draining), draining);
  // Redis may not have followed the switch of an earlier job yet.
  if (await call(() => rebuilt.hasFormer(collection, signal))) await finish();
  const model = await presentModel(services, signal);
  const present = await call(() => rebuilt.present(collection, signal));
  if (present?.job !== job.id || present.name !== model.name || present.dimensions !== model.dimensions) {
    const rebuild = { ...model, job: job.id, beganAt: Date.now() };
    await copyAll(job, collection, rebuild, total, services, progress, signal);
    progress.mark('store', 90, 'Switching to the new embeddings...', { chunks_done: total });
    await progress.settled();
    await call(() => rebuilt.prune(collection, signal));
    await hold(job, collection, services);
    await call(async () => {
      await lease.ensureHeld();
      await rebuilt.switch(collection, rebuild, signal);
    });
  }
  await finish();
  return total;
}

async function hold(job: ClaimedJob, collection: string, { reembeds }: ReembedServices): Promise<void> {
  const held = await reembeds.hold(job, collection);
  if (held === 'lost') throw new ClaimLostError('the job was cancelled, or has another holder');
  if (held === 'taken')
    throw new PermanentJobError(
      'collection_reembedding',
      'Another job embeds the collection again. Retry this one after its end.',
    );
}

/** Reads the processor's present model. Embeds a text if the health names no model. */
async function presentModel(
  { processor, caller }: ReembedServices,
  signal: AbortSignal,
): Promise<EmbeddingModel> {
  return caller.retryWhileUnavailable(signal, async () => {
    const { model, dimensions } = await processor.health();
    if (model !== undefined && dimensions !== undefined) return { name: model, dimensions };
    const embedded = await processor.embed({ texts: ['model'] }, signal);
    return { name: embedded.model, dimensions: embedded.dimensions };
  });
}

/** Copies the chunks that the next collection lacks, with vectors of the present model. */
async function copyAll(
  job: ClaimedJob,
  collection: string,
  rebuild: Rebuild,
  total: number,
  services: ReembedServices,
  progress: ProgressReporter,
  signal: AbortSignal,
): Promise<void> {
  const { rebuilt, vectors, processor, counts, caller, lease } = services;
  const call = <T>(work: () => Promise<T>) => caller.retryWhileUnavailable(signal, work);
  const { children, embed_batch } = await call(() => processor.health());
  await call(() => rebuilt.begin(collection, rebuild, signal));
  const next = nextName(collection);
  let done = 0;
  const onDone = (count: number) => {
    done += count;
    progress.move(10 + (80 * done) / Math.max(1, total), { chunks_done: Math.min(done, total) });
  };
  progress.mark('embed', 10, 'Generating embeddings...', { chunks_done: 0, chunks_total: total });
  const embed = embedder(services, rebuild, { inLane: lanes(children + 1), size: embed_batch }, signal);
  for await (const page of counts.list(job.tenant, collection)) {
    const stored = await call(() => vectors.countStored(next, page, signal));
    const lacking = page.filter(({ chunkCount }, i) => (stored[i] ?? 0) < chunkCount);
    onDone(sumOf(page) - sumOf(lacking));
    await eachInLanes(chunkIds(lacking, CHUNKS_A_WRITE), WRITES_AT_ONCE, signal, async (ids) => {
      const records = await call(() => rebuilt.read(collection, ids, signal));
      if (records.length > 0) {
        const embeddings = await embed(records.map(textToEmbed));
        await call(async () => {
          await lease.ensureHeld();
          await rebuilt.write(collection, rebuild, records, embeddings, signal);
        });
      }
      caller.checkpoint();
      onDone(ids.length);
    });
  }
}

function sumOf(counts: readonly { chunkCount: number }[]): number {
  return counts.reduce((sum, { chunkCount }) => sum + chunkCount, 0);
}

/** Makes a function that embeds texts in calls of the processor's size, some at once. All vectors come from one model. */
function embedder(
  { processor, caller }: ReembedServices,
  model: EmbeddingModel,
  { inLane, size }: { inLane: Start; size: number },
  signal: AbortSignal,
): (texts: readonly string[]) => Promise<number[][]> {
  const embed = async (texts: string[]) => {
    const response = await caller.retryWhileUnavailable(signal, () => processor.embed({ texts }, signal));
    if (response.model === model.name) return response.embeddings;
    const detail = 'The processor changed its embedding model during the job.';
    throw new DependencyError('transient', 'embedding_model_changed', detail);
  };
  return (texts) =>
    concurrently(signal, async (start) => {
      const calls: Promise<number[][]>[] = [];
      for (let at = 0; at < texts.length; at += size)
        calls.push(start(() => inLane(() => embed(texts.slice(at, at + size)))));
      return (await Promise.all(calls)).flat();
    });
}

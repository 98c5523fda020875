import type { ChunkStores } from '../../documents/chunk-stores.ts';
import { DependencyError } from '../../errors.ts';
import { InstallationError } from '../../installation/installation-error.ts';
import type { EpochTracker } from '../../jobs/reads/epoch-tracker.ts';
import type { ClaimedJob } from '../../jobs/model/claimed-job.ts';
import type { JobQueue } from '../../jobs/transitions/job-queue.ts';
import { LONGEST_BACKOFF_MS } from '../../jobs/transitions/longest-backoff.ts';
import type { End } from '../../blobs/ended-uploads.ts';
import { ClaimLostError, type LeaseKeeper } from '../claim/lease-keeper.ts';
import { noteReplaced } from './note-replaced.ts';
import { ReembeddingError } from '../../jobs/transitions/registration-errors.ts';
import type { ReembedJobs } from '../../jobs/transitions/reembed-jobs.ts';
import { reembedCollection, type ReembedServices } from '../reembed/reembed-collection.ts';
import { RetryingCaller } from './retrying-caller.ts';
import { restoresDocument } from './restores-document.ts';
import { isUntouched, runPipeline, type PipelineServices } from './pipeline.ts';
import { ProgressReporter } from './progress-reporter.ts';
import type { UpsertBatcher } from './upsert-batcher.ts';
import { GiveBackError, isForeseen, decideRetry } from './retry-policy.ts';

/** Delay until a job tries again while another one embeds its collection, in ms. Each try costs a claim. */
const REEMBEDDING_WAIT_MS = 10_000;

export interface RunnerServices
  extends
    Omit<PipelineServices, 'lease' | 'chunks' | 'vectors'>,
    Omit<ReembedServices, 'lease' | 'caller' | 'registry'> {
  reembeds: ReembedJobs;
  vectors: PipelineServices['vectors'] & ReembedServices['vectors'];
  chunks: ChunkStores;
  upserts: UpsertBatcher;
  queue: JobQueue;
  leases: LeaseKeeper;
  epochs: EpochTracker;
}

/**
 * Runs one attempt of a claimed job and settles it: completes, fails, retries or releases it. It leaves a lost claim to
 * the new holder. A job that restores a document waits for its embedding model, and never fails for it.
 * @param draining aborts with a {@link GiveBackError} or an {@link InstallationError} when the job must be given back
 * @throws when it could not settle the job; the end of the lease requeues it then
 */
export async function runJob(
  job: ClaimedJob,
  services: RunnerServices,
  draining: AbortSignal,
): Promise<void> {
  const { queue, leases, chunks, upserts } = services;
  const logger = services.logger.with({ job: job.id });
  const lost = new AbortController();
  const signal = AbortSignal.any([lost.signal, draining]);
  const lease = leases.keep(job, () => lost.abort(new ClaimLostError('the lease was lost')));
  const progress = new ProgressReporter(queue, job, (reason) => lost.abort(reason));
  const guarded: PipelineServices['chunks'] = {
    upsert: (origin, batch, cut) =>
      upserts.upsert(origin, batch, () => lease.ensureHeld(), cut).catch(giveBackDead),
    countChunks: (...asked) => chunks.countChunks(...asked),
  };
  try {
    if (job.reembeds !== undefined) {
      const caller = new RetryingCaller(services.availability, progress, logger);
      const reembed = { ...services, logger, lease, caller };
      const chunks = await reembedCollection(job, job.reembeds, reembed, progress, signal, draining);
      await progress.close();
      if (!(await services.reembeds.complete(job))) throw new ClaimLostError('completed too late');
      return logger.info('collection embedded again', { collection: job.reembeds, chunks });
    }
    const { document, hasCheckpoint } = await runPipeline(
      job,
      { ...services, logger, chunks: guarded, lease },
      progress,
      signal,
    );
    await progress.close();
    signal.throwIfAborted();
    const { epoch } = services.epochs.last;
    const [before] =
      document.documentId === job.id ? [] : await services.registry.read([document.documentId]);
    if (!(await queue.complete(job, document))) throw new ClaimLostError('completed too late');
    logger.info('job completed', { chunks: document.chunkCount });
    await noteEnd(job, 'completed', epoch, { ...services, logger }, hasCheckpoint, before?.file_key);
  } catch (error) {
    await progress.close();
    await settle(job, signal.aborted ? signal.reason : error, progress, { ...services, logger });
  } finally {
    lease.release();
  }
}

/** Gives the job back if a cleanup has deleted its chunks. Another claim writes under another token. */
function giveBackDead(error: unknown): never {
  if (error instanceof DependencyError && error.code === 'dead_generation')
    throw new GiveBackError('a cleanup deleted the chunks of this claim');
  throw error;
}

async function settle(
  job: ClaimedJob,
  error: unknown,
  progress: ProgressReporter,
  services: RunnerServices,
): Promise<void> {
  const { queue, reembeds, logger } = services;
  const fields = { stage: progress.stage };
  // A worker that was paused may have renamed collections after a sweep had settled them.
  if (job.reembeds !== undefined)
    await reembeds.addUnsettled({ tenant: job.tenant, collection: job.reembeds });
  if (error instanceof ClaimLostError) {
    logger.warn('job cancelled, or lost to another worker', fields);
    return abandon(job, queue);
  }
  // A store of another installation says nothing about the job.
  if (error instanceof GiveBackError || error instanceof InstallationError) {
    await queue.release(job);
    return logger.info('job given back', { ...fields, reason: error.message });
  }
  if (error instanceof ReembeddingError) {
    const reason = { error: error.message, errorCode: 'collection_reembedding' } as const;
    await queue.retry(job, REEMBEDDING_WAIT_MS, reason, { isCounted: false, hasChunks: error.hasChunks });
    return logger.info('job waits for the reembed job of its collection', fields);
  }
  const decision = decideRetry(error, progress.stage, job.retryCount, job.maxRetries);
  if (decision.action === 'retry') {
    const { delayMs, errorCode: code } = decision;
    logger.warn('job will be retried', { ...fields, delayMs, code, error });
    await queue.retry(job, delayMs, decision);
  } else if (decision.errorCode === 'embedding_mismatch' && (await restoresDocument(job, services.blobs))) {
    // A failed job loses its original. A document that existed waits until its model is back.
    logger.warn('a lost document waits for its embedding model', { ...fields, error });
    await queue.retry(job, LONGEST_BACKOFF_MS, decision, { isCounted: false });
  } else {
    const { errorCode: code, error: reason } = decision;
    // An unreadable document is its user's concern. Its stack would tell an operator nothing.
    if (isForeseen(error)) logger.info('job failed', { ...fields, code, reason });
    else logger.warn('job failed', { ...fields, code, error });
    const { epoch } = services.epochs.last;
    if (await queue.fail(job, decision)) await noteEnd(job, 'failed', epoch, services);
  }
}

/** Marks the attempt's chunks dead once more, because it may have written after its lease ended. */
async function abandon(job: ClaimedJob, queue: JobQueue): Promise<void> {
  const { work, tenant } = job;
  if (!work.ok) return;
  await queue.abandon(job, { tenant, collection: work.payload.collection, documentId: work.documentId });
}

/**
 * Notes the job's end beside the original, in case Redis loses it, and removes the checkpoint.
 * @param hasCheckpoint false if the job certainly has none
 * @param former key of the original that the job has replaced
 */
async function noteEnd(
  job: ClaimedJob,
  end: End,
  epoch: string,
  { blobs, logger }: RunnerServices,
  hasCheckpoint = true,
  former?: string,
): Promise<void> {
  if (!job.work.ok) return;
  const { documentId, payload } = job.work;
  const { file_key: fileKey } = payload;
  try {
    // Writes the note last. A sweep takes up every end without a note, so a crash before it leaves nothing behind.
    if (hasCheckpoint) await blobs.removeCheckpoint(fileKey);
    if (former !== undefined) await noteReplaced(former, fileKey, documentId, epoch, blobs);
    await blobs.ended.note(fileKey, job.id, end, epoch, isUntouched(job, payload));
  } catch (error) {
    logger.warn('writing the end note of a job failed; a sweep writes it later', { error });
  }
}

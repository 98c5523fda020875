import type { ClaimedJob, JobQueue } from '../jobs/job-queue.ts';
import { parsePayload } from '../jobs/job-payload.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import { runPipeline, type PipelineServices } from './pipeline.ts';
import { ClaimLostError, ProgressReporter } from './progress-reporter.ts';
import { judge } from './retry-policy.ts';

/** The reason for which a draining worker aborts a job that it will give back. */
export class DrainingError extends Error {
  override name = 'DrainingError';
}

/**
 * Runs one claimed job to the end of this try, and settles it: completed, failed, to be retried, or given
 * back. A lost claim is left to its new holder. Never throws for what the job does; a failure to settle is
 * logged, and the lease's end repairs it.
 * @param draining aborts with a {@link DrainingError} when the job must be given back
 */
export async function runJob(
  job: ClaimedJob,
  { queue, leases, ...services }: PipelineServices & { queue: JobQueue; leases: LeaseKeeper },
  draining: AbortSignal,
): Promise<void> {
  const { logger } = services;
  const lost = new AbortController();
  const signal = AbortSignal.any([lost.signal, draining]);
  const release = leases.keep(job, () => lost.abort(new ClaimLostError('the lease was lost')));
  const progress = new ProgressReporter(queue, job, (reason) => lost.abort(reason));
  try {
    const document = await runPipeline(job, services, progress, signal);
    await progress.close();
    signal.throwIfAborted();
    if (await queue.complete(job, document))
      logger.info('job completed', { job: job.id, chunks: document.chunkCount });
    await removeManifest(job, services);
  } catch (error) {
    await progress.close();
    await settle(job, signal.aborted ? signal.reason : error, progress, queue, services);
  } finally {
    release();
  }
}

async function settle(
  job: ClaimedJob,
  error: unknown,
  progress: ProgressReporter,
  queue: JobQueue,
  services: PipelineServices,
): Promise<void> {
  const { logger } = services;
  const fields = { job: job.id, stage: progress.stage };
  if (error instanceof ClaimLostError) return logger.warn('job lost to another worker', fields);
  if (error instanceof DrainingError) {
    await queue.release(job);
    return logger.info('job given back', fields);
  }
  const retryCount = Number(job.hash['retry_count']) || 0;
  const maxRetries = Number(job.hash['max_retries']) || 0;
  const verdict = judge(error, progress.stage, retryCount, maxRetries);
  if (verdict.action === 'retry') {
    logger.warn('job will be tried again', {
      ...fields,
      delayMs: verdict.delayMs,
      code: verdict.errorCode,
      error,
    });
    await queue.retry(job, verdict.delayMs, verdict);
  } else {
    logger.warn('job failed', { ...fields, code: verdict.errorCode, error });
    if (await queue.fail(job, verdict)) await removeManifest(job, services);
  }
}

/** A terminal job needs no manifest: there is nothing left to queue again. */
async function removeManifest(job: ClaimedJob, { blobs, logger }: PipelineServices): Promise<void> {
  const read = parsePayload(job.hash['payload']);
  if (!read.ok) return;
  try {
    await blobs.removeManifest(read.payload.file_key);
  } catch (error) {
    logger.warn('a manifest could not be removed', { job: job.id, error });
  }
}

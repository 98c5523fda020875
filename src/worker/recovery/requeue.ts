import type { JobQueue } from '../../jobs/transitions/job-queue.ts';
import type { Manifest } from '../../blobs/manifest.ts';

/**
 * Requeues an upload that Redis has lost, under its id and its client's idempotency key. If a newer job has the key,
 * that job keeps it, and both run.
 */
export async function requeue(
  queue: JobQueue,
  { job_id, tenant, payload, idempotency }: Manifest,
): Promise<void> {
  const made = await queue.enqueue(job_id, tenant, payload, idempotency, true);
  if (typeof made === 'string' || made.id !== job_id)
    await queue.enqueue(job_id, tenant, payload, undefined, true);
}

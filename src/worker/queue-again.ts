import type { JobQueue } from '../jobs/job-queue.ts';
import type { Manifest } from '../uploads/manifest.ts';

/**
 * Queues an upload again that Redis has forgotten: under its id, with the key that its client sent. Should a job that
 * was made since have that key, it keeps it, and both run.
 */
export async function queueAgain(
  queue: JobQueue,
  { job_id, tenant, payload, idempotency }: Manifest,
): Promise<void> {
  const made = await queue.enqueue(job_id, tenant, payload, idempotency, true);
  if (made === 'conflict' || made.id !== job_id)
    await queue.enqueue(job_id, tenant, payload, undefined, true);
}

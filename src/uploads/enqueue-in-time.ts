import { AppError } from '../errors.ts';
import type { JobPayload } from '../jobs/job-payload.ts';
import type { Idempotency, JobQueue } from '../jobs/job-queue.ts';
import type { Logger } from '../logger.ts';

/** How long somebody who uploads waits for a Redis that does not answer. */
const PATIENCE_MS = 3000;

/**
 * Queues an upload's job, or makes sure that there is none. An answer that does not come says nothing about
 * whether the job was made: it is withdrawn over the same connection, so whenever Redis is back it takes both
 * in their order.
 * @param queue over a connection that never gives a command up
 * @returns as {@link JobQueue.enqueue}
 * @throws {AppError} `queue_unavailable`
 */
export async function enqueueInTime(
  queue: JobQueue,
  logger: Logger,
  id: string,
  tenant: string,
  payload: JobPayload,
  idempotency: Idempotency | undefined,
): Promise<{ id: string; createdAt: string } | 'conflict'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('Redis has not answered in time')), PATIENCE_MS);
  });
  try {
    return await Promise.race([queue.enqueue(id, tenant, payload, idempotency), late]);
  } catch (cause) {
    queue.withdraw(id, tenant, idempotency?.key).catch((error: unknown) => {
      logger.error('a refused upload could not be withdrawn', { job: id, error });
    });
    throw new AppError('queue_unavailable', 'Nothing was stored. Try again in a moment.', { cause });
  } finally {
    clearTimeout(timer);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

import { orTimeout } from '../deadline.ts';
import { AppError } from '../errors.ts';
import type { JobPayload } from '../jobs/model/job-payload.ts';
import type { Idempotency } from '../jobs/model/idempotency.ts';
import type { JobQueue } from '../jobs/transitions/job-queue.ts';
import type { Logger } from '../logging/logger.ts';
import type { UploadConnection } from './upload-connection.ts';

/** Longest wait of an upload for Redis, in ms. */
const DEADLINE_MS = 3000;
/** Most tries to withdraw a job. A failover is over by then. */
const WITHDRAWALS = 60;
const WITHDRAWAL_INTERVAL_MS = 1000;

/**
 * Queues an upload's job, or makes sure that there is none. It sends nothing without a connection. A missing response
 * leaves open whether Redis made the job. So it withdraws the job over the same connection, and Redis runs both
 * commands in their order.
 * @param admitted rejects for a refused upload. It makes no job then
 * @param connection keeps all commands, in their order
 * @param queue over this connection
 * @returns as {@link JobQueue.enqueue}
 * @throws {AppError} `queue_unavailable`; the reason of `admitted`
 */
export async function enqueueInTime(
  admitted: Promise<void>,
  connection: UploadConnection,
  queue: JobQueue,
  logger: Logger,
  id: string,
  tenant: string,
  payload: JobPayload,
  idempotency: Idempotency | undefined,
): ReturnType<JobQueue['enqueue']> {
  const began = performance.now();
  if (!(await connection.ready(DEADLINE_MS))) throw refusal(new Error('there is no connection to Redis'));
  await admitted;
  const left = Math.ceil(DEADLINE_MS - (performance.now() - began));
  let made: Awaited<ReturnType<JobQueue['enqueue']>>;
  try {
    made = await orTimeout(left, 'Redis', queue.enqueue(id, tenant, payload, idempotency));
  } catch (cause) {
    void withdraw(queue, logger, id, tenant, payload.collection, idempotency?.key);
    throw refusal(cause);
  }
  // A worker may have the job now, so a refusal is too late. The next master may lack the job. So this enqueues it once
  // more, and the master of that moment makes it unless it exists.
  if (!(await connection.confirm())) {
    queue.enqueue(id, tenant, payload, idempotency).catch((error: unknown) => {
      logger.warn('an upload that no replica has confirmed could not be queued anew', { job: id, error });
    });
  }
  return made;
}

function refusal(cause: unknown): AppError {
  return new AppError('queue_unavailable', 'Nothing was stored. Try again in a moment.', { cause });
}

async function withdraw(
  queue: JobQueue,
  logger: Logger,
  id: string,
  tenant: string,
  collection: string,
  idempotencyKey: string | undefined,
): Promise<void> {
  for (let left = WITHDRAWALS; ; left--) {
    try {
      return await queue.withdraw(id, tenant, collection, idempotencyKey);
    } catch (error) {
      if (left === 0) return logger.error('a refused upload could not be withdrawn', { job: id, error });
      await sleep(WITHDRAWAL_INTERVAL_MS, undefined, { ref: false });
    }
  }
}

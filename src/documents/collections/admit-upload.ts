import type { Redis } from 'ioredis';

import { orTimeout } from '../../deadline.ts';
import { AppError, DependencyError } from '../../errors.ts';
import type { Keys } from '../../redis/keys.ts';
import type { CollectionModels } from './collection-models.ts';

/** Longest wait of an upload for this decision, in ms. Then the upload passes, because a worker checks again. */
const LOOK_MS = 1000;

/**
 * Refuses an upload to a collection that does not take the processor's present model. The upload passes while Redis or the
 * processor is away. A repeated upload also passes if its key names a job, because Sluice accepted an earlier request.
 * @throws {AppError} `embedding_mismatch`
 */
export async function admitUpload(
  tenant: string,
  collection: string,
  idempotencyKey: string | undefined,
  { models, redis, keys }: { models: CollectionModels; redis: Redis; keys: Keys },
): Promise<void> {
  if (!models.presentSeen) return;
  const late = new AbortController();
  // A signal of Node's own timer would make an error with its stack, after each upload.
  const timer = setTimeout(() => late.abort(new Error('the decision takes too long')), LOOK_MS);
  const decide = async () => {
    try {
      await models.ensureTakesPresent(tenant, collection, late.signal);
    } catch (error) {
      // The upload also passes while a job embeds the collection again. Its own job then waits.
      if (!(error instanceof DependencyError) || error.code !== 'embedding_mismatch') return undefined;
      const key = idempotencyKey !== undefined && keys.idempotency(tenant, idempotencyKey);
      return key && (await redis.exists(key)) ? undefined : error.message;
    }
  };
  const refusal = await orTimeout(LOOK_MS, 'Redis', decide()).catch(() => undefined);
  clearTimeout(timer);
  if (refusal !== undefined) throw new AppError('embedding_mismatch', refusal);
}

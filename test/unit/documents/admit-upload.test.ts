import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';

import { admitUpload } from '../../../src/documents/collections/admit-upload.ts';
import type { CollectionModels } from '../../../src/documents/collections/collection-models.ts';
import { DependencyError } from '../../../src/errors.ts';
import { createKeys } from '../../../src/redis/keys.ts';

/** Asks about an upload with a key, to a collection that does not take the present model. */
function admit(exists: () => Promise<number>): Promise<void> {
  const models = {
    presentSeen: true,
    ensureTakesPresent: () => Promise.reject(new DependencyError('permanent', 'embedding_mismatch', 'no')),
  } as unknown as CollectionModels;
  const redis = { exists } as unknown as Redis;
  return admitUpload('default', 'papers', 'key', { models, redis, keys: createKeys() });
}

test('refuses an upload whose key names no job', async () => {
  await expect(admit(async () => 0)).rejects.toMatchObject({ code: 'embedding_mismatch', message: 'no' });
});

test.each([
  ['names a job', async () => 1],
  ['cannot be read', () => Promise.reject(new Error('Redis is away'))],
  ['is not read in time', () => new Promise<number>(() => {})],
])('lets an upload pass if its key %s', async (_which, exists) => {
  await expect(admit(exists)).resolves.toBeUndefined();
});

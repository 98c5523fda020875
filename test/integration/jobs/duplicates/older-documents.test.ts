import { expect, test } from 'vitest';

import { CollectionCounts } from '../../../../src/documents/collections/collection-counts.ts';
import { complete, enqueue } from '../../../helpers/stores/lines.ts';
import { claimOne, keys, queue, redis, useQueue } from '../../../helpers/stores/queue.ts';

useQueue();

const { signal } = new AbortController();
const SETTINGS = ['chunking_strategy', 'chunk_size', 'chunk_overlap'];

/** Registers a document, and takes from it what an older version did not write. */
async function registerAsOlder(id: string, bytes: string, ...fields: string[]): Promise<void> {
  await enqueue(id, bytes, 'keep');
  await complete(await claimOne());
  await redis.client.hdel(keys.document(id), 'copy', 'name', ...fields);
  await redis.client.del(...(await redis.client.keys('line:*')));
}

const count = () => new CollectionCounts(redis.client, keys).count('default', signal);
const lines = async () => (await redis.client.keys('line:*')).length;

test('the count of documents lets an upload find its copy of an older version', async () => {
  await registerAsOlder('a', 'x');
  await count();
  expect(await enqueue('b', 'x')).toMatchObject({ isDuplicate: true });
  const { copy, name } = await redis.client.hgetall(keys.document('a'));
  expect([copy, name]).toEqual([expect.stringMatching(/.{43}/), expect.stringMatching(/.{43}/)]);
});

test('a replacing upload takes the newest document of an older version', async () => {
  await registerAsOlder('a', 'x');
  await registerAsOlder('b', 'y');
  // Both may be of one millisecond.
  await redis.client.zadd(keys.documents('default'), '1', 'a');
  await count();
  await enqueue('c', 'z', 'replace');
  expect((await claimOne()).work).toMatchObject({ documentId: 'b' });
});

test('a document whose settings are assumed is found by its name only, until they are known', async () => {
  await registerAsOlder('a', 'x', ...SETTINGS);
  await count();
  expect(await enqueue('b', 'x')).toMatchObject({ isDuplicate: false });
  await queue.cancel('b');
  await enqueue('c', 'z', 'replace');
  expect((await claimOne()).work).toMatchObject({ documentId: 'a' });
  await queue.cancel('c');
  await redis.client.hset(keys.document('a'), {
    chunking_strategy: 'sentence',
    chunk_size: '512',
    chunk_overlap: '50',
  });
  await count();
  expect(await enqueue('d', 'x')).toMatchObject({ isDuplicate: true });
});

test('a document without a content hash stays out, and is read once', async () => {
  await registerAsOlder('a', 'x', 'content_hash');
  await count();
  expect(await lines()).toBe(0);
  expect(await redis.client.hget(keys.document('a'), 'copy')).toBe('');
  expect(await enqueue('b', 'x', 'replace')).toMatchObject({ isDuplicate: false });
  expect((await claimOne()).work).toMatchObject({ documentId: 'b' });
});

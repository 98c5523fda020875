import { expect, test, vi } from 'vitest';

import { CollectionCounts } from '../../../../src/documents/collections/collection-counts.ts';
import { DocumentRegistry } from '../../../../src/documents/registry.ts';
import { DocumentEdits } from '../../../../src/jobs/transitions/document-edits.ts';
import { complete, enqueue } from '../../../helpers/stores/lines.ts';
import { claimOne, keys, redis, useQueue } from '../../../helpers/stores/queue.ts';

useQueue();

/** Uploads a document that loses a chunk, and a copy that repairs it. @returns the copy's claim */
async function repair(how: 'skip' | 'replace') {
  await enqueue('a', 'x');
  await complete(await claimOne());
  await redis.client.hset(keys.document('a'), 'missing_chunks', 1);
  await enqueue('b', 'x', how);
  return claimOne();
}

async function edit(metadata: Record<string, string>): Promise<void> {
  const [document] = await new DocumentRegistry(redis.client, keys).read(['a']);
  expect(await new DocumentEdits(redis.client, keys, 0).edit(document!, metadata, 60_000)).toBeTypeOf(
    'number',
  );
}

const count = () => new CollectionCounts(redis.client, keys).count('default', new AbortController().signal);

const found = async () =>
  (await redis.client.hmget(keys.document('a'), 'metadata', 'edit_pending', 'file_key')).map(String);

test('an edit while a copy repairs the document stays, and the new chunks have to follow it', async () => {
  const claimed = await repair('skip');
  await edit({ author: 'x' });
  expect(await complete(claimed)).toBe('a');
  expect(await found()).toEqual(['{"author":"x"}', '1', 'default/b']);
  expect(await redis.client.zscore(keys.edited, 'a')).not.toBeNull();
});

test('an upload that replaces the document brings its own metadata', async () => {
  const claimed = await repair('replace');
  await edit({ author: 'x' });
  expect(await complete(claimed)).toBe('a');
  expect(await found()).toEqual(['{}', 'null', 'default/b']);
});

test('a document of an older version, edited while it is repaired, is found by its edited metadata', async () => {
  const claimed = await repair('skip');
  await redis.client.hdel(keys.document('a'), 'copy');
  await edit({ author: 'x' });
  expect(await complete(claimed)).toBe('a');
  await count();
  expect(await enqueue('c', 'x')).toMatchObject({ isDuplicate: false });
  expect(await enqueue('d', 'x', 'skip', { metadata: { author: 'x' } })).toMatchObject({ isDuplicate: true });
});

test('a document of an older version, edited while it is entered, is found by its edited metadata', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  await redis.client.hdel(keys.document('a'), 'copy', 'name');
  await redis.client.del(...(await redis.client.keys('line:*')));
  const read = Reflect.get(DocumentRegistry.prototype, 'read');
  vi.spyOn(DocumentRegistry.prototype, 'read').mockImplementationOnce(async function (
    this: DocumentRegistry,
    ids,
  ) {
    const before = await read.call(this, ids);
    await edit({ author: 'x' });
    return before;
  });
  await count();
  expect(await enqueue('c', 'x')).toMatchObject({ isDuplicate: false });
  await count();
  expect(await enqueue('d', 'x', 'skip', { metadata: { author: 'x' } })).toMatchObject({ isDuplicate: true });
});

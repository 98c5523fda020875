import { expect, test } from 'vitest';

import type { OnDuplicate } from '../../../../src/contract/upload.ts';
import { DocumentRegistry } from '../../../../src/documents/registry.ts';
import { complete, enqueue } from '../../../helpers/stores/lines.ts';
import { claimOne, job, keys, queue, redis, useQueue } from '../../../helpers/stores/queue.ts';

useQueue();

const document = (id: string) => new DocumentRegistry(redis.client, keys).get('default', id);

test.each<[string, OnDuplicate, string]>([
  ['replaced', 'replace', 'y'],
  ['healed', 'skip', 'x'],
])('a document that a refused upload has %s stays, without its original', async (_, how, bytes) => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  if (how === 'skip') await redis.client.hset(keys.document('a'), 'missing_chunks', '7');
  await enqueue('r', bytes, how);
  const claimed = await claimOne();
  expect(await complete(claimed)).toBe('a');
  await queue.withdraw('r', 'default', 'papers');
  expect(await document('a')).toMatchObject({ generation: claimed.token, file_gone: true });
  expect(await redis.client.exists(keys.job('r'))).toBe(0);

  // The client uploads again.
  expect(await enqueue('s', bytes, how)).toMatchObject({ isDuplicate: false });
  expect(await complete(await claimOne())).toBe('a');
  expect((await document('a')).file_gone).toBeUndefined();
});

test('a document that an accepted copy has completed with stays when its own upload is refused', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  expect(await enqueue('b', 'x')).toMatchObject({ isDuplicate: true });
  await queue.withdraw('a', 'default', 'papers');
  expect(await document('a')).toMatchObject({ chunk_count: 7, file_gone: true });
  expect((await job('b')).result).toMatchObject({ document_id: 'a' });
});

test('a refused upload leaves the document that it was to replace', async () => {
  await enqueue('a', 'x');
  const first = await claimOne();
  await complete(first);
  await enqueue('r', 'y', 'replace');
  await claimOne();
  await queue.withdraw('r', 'default', 'papers');
  const { generation, file_gone } = await document('a');
  expect({ generation, file_gone }).toEqual({ generation: first.token, file_gone: undefined });
});

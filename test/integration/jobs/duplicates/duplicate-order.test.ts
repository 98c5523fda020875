import { expect, test } from 'vitest';

import { DocumentDeletion } from '../../../../src/jobs/transitions/document-deletion.ts';
import { IncompleteDocuments } from '../../../../src/jobs/transitions/incomplete-documents.ts';
import { complete, enqueue, uploadOf } from '../../../helpers/stores/lines.ts';
import { claimOne, keys, payload, queue, redis, useQueue } from '../../../helpers/stores/queue.ts';

useQueue();

const bad = { message: 'x', error: 'x', errorCode: 'corrupt' } as const;

test('two reruns of twins in one claim run one at a time', async () => {
  await enqueue('b', 'x');
  await enqueue('a', 'x');
  await queue.fail(await claimOne(), bad);
  await queue.fail(await claimOne(), bad);
  await enqueue('z', 'z', 'skip', { filename: 'z.pdf' });
  await queue.rerun('b', 1);
  await queue.rerun('a', 1);
  const { jobs } = await queue.claim(5);
  expect(jobs.map(({ id }) => id)).toEqual(['z', 'b']);
});

test('an upload after a claim waits for a rerun of its twin', async () => {
  await enqueue('b', 'x');
  await queue.fail(await claimOne(), bad);
  await enqueue('z', 'z', 'skip', { filename: 'z.pdf' });
  await queue.rerun('b', 1);
  expect((await queue.claim(16)).jobs.map(({ id }) => id)).toEqual(['z', 'b']);
  await enqueue('c', 'x');
  expect((await queue.claim(16)).jobs.map(({ id }) => id)).toEqual([]);
});

test('a deletion cancels a replacing job although a reindex completed meanwhile', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  await enqueue('r', 'y', 'replace');
  const r = await claimOne();
  const generation = (await redis.client.hget(keys.document('a'), 'generation'))!;
  const incomplete = new IncompleteDocuments(redis.client, keys, 3);
  await incomplete.reindex({ id: 'a', generation }, 'j', 'default', {
    ...uploadOf('a', 'x'),
    on_duplicate: undefined,
    document_id: 'a',
    replaces_generation: generation,
  });
  expect(await complete(await claimOne(), generation)).toBe('a');
  const cancelled = await new DocumentDeletion(redis.client, keys, 100).delete('default', 'papers', 'a');
  expect(cancelled).toEqual(['r']);
  expect(await complete(r)).toBeUndefined();
});

test('a withdrawal leaves no line behind', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  await queue.withdraw('a', 'default', 'papers');
  expect(await redis.client.keys('line:*')).toEqual([]);
});

test('the deletion of the newest of two copies leaves the other as the copy', async () => {
  await enqueue('a', 'x', 'keep');
  await complete(await claimOne());
  await enqueue('b', 'x', 'keep');
  await complete(await claimOne());
  await new DocumentDeletion(redis.client, keys, 100).delete('default', 'papers', 'b');
  expect(await enqueue('c', 'x')).toMatchObject({ isDuplicate: true });
});

test('a restored cancelled replacement that is rerun replaces', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  await queue.restoreEnded('r', 'default', uploadOf('r', 'y', 'replace'));
  await queue.rerun('r', 1);
  expect((await claimOne()).work).toMatchObject({ documentId: 'a' });
});

test('a restored cancelled twin that is rerun makes no second document', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  await queue.restoreEnded('r', 'default', uploadOf('r', 'x'));
  await queue.rerun('r', 1);
  expect((await queue.claim(5)).jobs).toEqual([]);
});

test('an upload restores a document whose original is gone', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  await redis.client.hset(keys.document('a'), { missing_chunks: '7', file_gone: '1' });
  expect(await enqueue('b', 'x')).toMatchObject({ isDuplicate: false });
  expect(await enqueue('c', 'x', 'replace')).toMatchObject({ isDuplicate: false });
});

test('"replace" with the content of an older document still replaces the newest of its name', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  await enqueue('b', 'y');
  await complete(await claimOne());
  expect(await enqueue('c', 'x', 'replace')).toMatchObject({ isDuplicate: false });
});

test('a document replaced by a foreign job without a hash is no copy', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  await queue.enqueue('f', 'default', { ...payload, file_key: 'default/f', document_id: 'a' });
  await complete(await claimOne());
  expect(await enqueue('b', 'x')).toMatchObject({ isDuplicate: false });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';

import { DependencyError } from '../../../src/errors.ts';
import { ChunkComparison } from '../../../src/worker/comparison/chunk-comparison.ts';
import { restoreDocuments } from '../../../src/worker/comparison/restore-documents.ts';
import { recordScripts } from '../../helpers/stores/replay.ts';
import {
  Comparer,
  PAYLOAD,
  chroma,
  keys,
  logger,
  look,
  lose,
  payloadOf,
  queued,
  read,
  redis,
  register,
  run,
  servicesOver,
  signal,
  store,
  stores,
  useLostChunks,
  vectors,
} from '../../helpers/stores/lost-chunks.ts';

useLostChunks();

test('a document without its chunks says so, and is indexed again by its own settings; others are left alone', async () => {
  await register('a', 3);
  await register('b', 4);
  await lose('a', 'papers', 1, 2);
  await look();
  expect(await read('a')).toMatchObject({ missing_chunks: 2, chunk_count: 3 });
  expect((await read('b')).missing_chunks).toBeUndefined();
  const [job, ...more] = await queued();
  expect(more).toEqual([]);
  expect(await payloadOf(job!)).toEqual({
    ...PAYLOAD,
    file_key: 'default/a',
    document_id: 'a',
    replaces_generation: '1-a',
  });
  expect(await redis.client.smembers(keys.active)).toEqual([job]);
  expect((await read('a')).reindex_job).toBe(job);
  expect(logger.lines).toContain('documents miss chunks {"collection":"papers","documents":1,"chunks":2}');
  await run('complete');
  expect(await read('a')).toMatchObject({
    chunk_count: 2,
    missing_chunks: undefined,
    reindex_job: undefined,
  });
  expect(await redis.client.zcard(keys.incomplete)).toBe(0);
  await look();
  expect(await queued()).toEqual([]);
});

test('a collection that is gone is a loss of all its chunks', async () => {
  await register('a', 3);
  await register('b', 4);
  await register('c', 2, { collection: 'letters' });
  await chroma.client.deleteCollection({ name: 'papers' });
  await look();
  expect((await read('a')).missing_chunks).toBe(3);
  expect((await read('b')).missing_chunks).toBe(4);
  expect((await read('c')).missing_chunks).toBeUndefined();
  expect(await queued()).toHaveLength(2);
});

test('a loss is noticed by the next look of a worker that has counted all chunks before', async () => {
  await register('a', 3);
  const worker = new Comparer();
  await worker.look();
  await lose('a', 'papers', 2);
  await worker.look();
  expect((await read('a')).missing_chunks).toBe(1);
});

test('dead generations hide a loss from the sum; a worker that starts finds it, and one that saw Chroma fail', async () => {
  await register('a', 3);
  const worker = new Comparer();
  await worker.look();
  await store('a', '0-dead', 3);
  await lose('a', 'papers', 0);
  await worker.look();
  expect((await read('a')).missing_chunks).toBeUndefined();
  await look();
  expect((await read('a')).missing_chunks).toBe(1);

  await register('b', 3);
  await store('b', '0-dead', 3);
  await lose('b', 'papers', 0, 1);
  const away = new DependencyError('unreachable', 'vector_store_unavailable', 'x');
  vi.spyOn(vectors, 'countCollection').mockRejectedValueOnce(away);
  await worker.look();
  expect((await read('b')).missing_chunks).toBeUndefined();
  await worker.look();
  expect((await read('b')).missing_chunks).toBe(2);
});

test('of several workers that start one counts all chunks, and each again in another epoch', async () => {
  await register('a', 3);
  const counted = vi.spyOn(vectors, 'countStored');
  const [first, second] = [new Comparer(), new Comparer()];
  // A count serves only workers that started before it, to the millisecond.
  await sleep(50);
  await first.look();
  await second.look();
  expect(counted).toHaveBeenCalledTimes(1);
  await redis.client.del(keys.looked);
  await new ChunkComparison(servicesOver(), 1).compare('another', true, async () => true, signal);
  expect(counted).toHaveBeenCalledTimes(2);
});

test('a document that is replaced while it is looked at is not taken for a loss', async () => {
  await register('a', 3);
  await register('b', 3);
  const countStored = vectors.countStored.bind(vectors);
  // Switches and deletes the old generation between the read of the registry and the count.
  vi.spyOn(vectors, 'countStored').mockImplementationOnce(async (...asked) => {
    await store('a', '2-new', 2);
    await redis.client.hset(keys.document('a'), { generation: '2-new', chunk_count: 2 });
    await stores().deleteGeneration({ collection: 'papers', documentId: 'a', generation: '1-a' }, signal);
    return countStored(...asked);
  });
  await look();
  expect((await read('a')).missing_chunks).toBeUndefined();
  expect(await queued()).toEqual([]);
  expect(logger.lines).toEqual([]);
});

test('a document that is replaced between the count and the note is not taken for a loss either', async () => {
  await register('a', 3);
  await stores().deleteGeneration({ collection: 'papers', documentId: 'a', generation: '1-a' }, signal);
  const countStored = vectors.countStored.bind(vectors);
  vi.spyOn(vectors, 'countStored').mockImplementationOnce(async (...asked) => {
    const counts = await countStored(...asked);
    await redis.client.hset(keys.document('a'), { generation: '2-new', chunk_count: 0 });
    return counts;
  });
  await look();
  expect((await read('a')).missing_chunks).toBeUndefined();
  expect(await queued()).toEqual([]);
  expect(logger.lines).toEqual([]);
});

test('a count that is short once makes no job', async () => {
  await register('a', 3);
  vi.spyOn(vectors, 'countStored').mockResolvedValueOnce([1]);
  await look();
  expect((await read('a')).missing_chunks).toBeUndefined();
  expect(await queued()).toEqual([]);
});

test('while Chroma is away no chunk counts as missing, and the log says it once', async () => {
  await register('a', 3);
  const worker = new Comparer();
  await chroma.server.down();
  for (let looks = 0; looks < 3; looks++) await worker.look();
  expect((await read('a')).missing_chunks).toBeUndefined();
  expect(logger.lines).toHaveLength(1);
  await chroma.server.up();
  await worker.look();
  expect((await read('a')).missing_chunks).toBeUndefined();
});

test('a collection that Chroma cannot read is said once, and keeps no other from being compared', async () => {
  await register('a', 3);
  await register('b', 3, { collection: 'letters' });
  await lose('b', 'letters', 0);
  const countStored = vectors.countStored.bind(vectors);
  vi.spyOn(vectors, 'countStored').mockImplementation(async (collection, ...rest) => {
    if (collection === 'papers') throw new DependencyError('transient', 'vector_store_failed', 'x');
    return countStored(collection, ...rest);
  });
  const worker = new Comparer();
  for (let looks = 0; looks < 2; looks++) await worker.look();
  expect((await read('b')).missing_chunks).toBe(1);
  expect(logger.lines.filter((line) => line.includes('cannot be compared'))).toHaveLength(1);
});

test('two workers at once make one job, and a script that is sent again makes no other', async () => {
  await register('a', 3);
  await lose('a');
  const turn = { epoch: '', signal, keep: async () => true };
  const recorded = recordScripts(redis.client);
  const services = servicesOver(recorded.client);
  await services.incomplete.note({ id: 'a', generation: '1-a' }, 3);
  await Promise.all([1, 2, 3].map(() => restoreDocuments(services, turn)));
  expect(recorded.calls('reindex')).toBeGreaterThan(1);
  expect(await queued()).toHaveLength(1);
  await recorded.replay('reindex');
  expect(await queued()).toHaveLength(1);
  expect(await redis.client.get(keys.offset)).toBe('1');
});

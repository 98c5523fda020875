import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import { DependencyError } from '../../../src/errors.ts';
import type { KeywordIndex } from '../../../src/keywords-client/keyword-index.ts';
import { ChunkComparison } from '../../../src/worker/comparison/chunk-comparison.ts';
import { startKeywordIndex } from '../../helpers/servers/keywords.ts';
import { FOR_EACH, use } from '../../helpers/servers/use.ts';
import {
  keys,
  keywords,
  queued,
  read,
  redis,
  register,
  run,
  servicesOver,
  signal,
  stores,
  useLostChunks,
  vectors,
} from '../../helpers/stores/lost-chunks.ts';

useLostChunks();
const fresh = use(startKeywordIndex, FOR_EACH);

/** Compares as a worker whose comparison is due. */
async function look(comparison: ChunkComparison): Promise<void> {
  await redis.client.del(keys.looked);
  await comparison.compare('epoch', true, async () => true, signal);
}

/** A client whose calls go to the index that is current at the time. */
function switching(current: () => KeywordIndex): KeywordIndex {
  return new Proxy({} as KeywordIndex, {
    get: (_, name) => {
      const call: unknown = Reflect.get(current(), name);
      return typeof call === 'function' ? (call.bind(current()) as unknown) : call;
    },
  });
}

const upsertOf = (document_id: string, count = 3, generation = 'g') => {
  const chunks = Array.from({ length: count }, (_, index) => ({ index, title: 't', text: 'x' }));
  return { collection: 'papers', writes: [{ document_id, generation, chunks }] };
};
const held = (index: KeywordIndex, id: string) =>
  index.countStored('papers', [{ id, generation: `1-${id}` }], signal);

test('the next comparison follows soon after one that fills the index, because filling it is no comparison', async () => {
  await register('a', 3);
  const everyMs = 1000;
  const slow = {
    ...servicesOver(),
    keywords: {
      ...boundTo(keywords.index),
      countStored: async () => [0],
      upsert: async (...call: Parameters<typeof keywords.index.upsert>) => {
        await sleep(everyMs);
        await keywords.index.upsert(...call);
      },
    },
  };
  await new ChunkComparison(slow, everyMs).compare('epoch', true, async () => true, signal);
  expect(await redis.client.pttl(keys.looked)).toBeLessThanOrEqual(everyMs);
});

/** The calls of the index that a comparison makes beside those of the test. */
function boundTo(index: typeof keywords.index) {
  return {
    collections: index.collections.bind(index),
    generations: index.generations.bind(index),
    markComplete: index.markComplete.bind(index),
  };
}

test('a new index is filled and incomplete until then, though a running job hides the loss', async () => {
  await register('a', 3);
  let current = keywords.index;
  const services = { ...servicesOver(), keywords: switching(() => current) };
  const comparison = new ChunkComparison(services, 1);
  await look(comparison);
  current = fresh.index;
  await current.upsert(upsertOf('running'), signal);
  expect(await current.query({ collection: 'papers', query: '1', limit: 5 }, signal)).toMatchObject({
    complete: false,
  });
  await look(comparison);
  expect(await held(current, 'a')).toEqual([3]);
  expect((await current.collections(signal)).complete).toBe(true);
});

test('an index that is lost while it is filled stays incomplete until the next comparison', async () => {
  for (const id of ['a', 'b', 'c']) await register(id, 3);
  let upserts = 0;
  const empty = await startKeywordIndex();
  const index = switching(() => (upserts >= 3 ? fresh.index : empty.index));
  const counting = new Proxy(index, {
    get: (_, name) => {
      if (name === 'upsert') upserts++;
      return Reflect.get(index, name) as unknown;
    },
  });
  const comparison = new ChunkComparison({ ...servicesOver(), keywords: counting }, 1);
  await look(comparison);
  expect((await fresh.index.collections(signal)).complete).toBe(false);
  await look(comparison);
  expect((await fresh.index.collections(signal)).complete).toBe(true);
  expect(await Promise.all(['a', 'b', 'c'].map((id) => held(fresh.index, id)))).toEqual([[3], [3], [3]]);
  await empty.close();
});

test('a collection that Chroma cannot read keeps no other from being filled and repaired', async () => {
  await register('a', 3, { collection: 'aaa' });
  await register('b', 3, { collection: 'bbb' });
  await register('c', 3, { collection: 'ccc', stored: 1 });
  const find: typeof vectors.find = async (collection, ...rest) => {
    if (collection === 'aaa') throw new DependencyError('transient', 'vector_store_failed', 'x');
    return vectors.find(collection, ...rest);
  };
  const broken = Object.assign(Object.create(vectors) as typeof vectors, {
    find,
    countStored: vectors.countStored.bind(vectors),
    countCollection: vectors.countCollection.bind(vectors),
    generations: vectors.generations.bind(vectors),
  });
  await look(new ChunkComparison({ ...servicesOver(), vectors: broken, keywords: fresh.index }, 1));
  const { complete, collections } = await fresh.index.collections(signal);
  expect(complete).toBe(false);
  expect(collections.map(({ name, chunk_count }) => [name, chunk_count])).toEqual([
    ['bbb', 3],
    ['ccc', 1],
  ]);
  expect(await queued()).toHaveLength(1);
});

test('while the index is away, a document that misses chunks is indexed again', async () => {
  await register('c', 3, { stored: 1 });
  const collections = async () => {
    throw new DependencyError('unreachable', 'keywords_unavailable', 'x');
  };
  const away = {
    ...boundTo(keywords.index),
    collections,
    countStored: async () => [],
    upsert: async () => {},
  };
  await look(new ChunkComparison({ ...servicesOver(), keywords: away }, 1));
  expect(await queued()).toHaveLength(1);
});

test('dead chunks that were written after the index was lost are deleted', async () => {
  await register('a', 3);
  let current = keywords.index;
  const comparison = new ChunkComparison({ ...servicesOver(), keywords: switching(() => current) }, 1);
  await look(comparison);
  current = fresh.index;
  await current.upsert(upsertOf('a', 1, '0-old'), signal);
  await look(comparison);
  expect(await redis.client.zcard(keys.cleanup)).toBe(1);
  expect(
    await stores().countChunks({ collection: 'papers', documentId: 'a', generation: '1-a' }, signal),
  ).toEqual({
    least: 3,
    most: 3,
  });
});

test('each further failed job for a document that the index refuses waits twice as long, through full counts', async () => {
  await register('a', 3);
  await keywords.index.deleteGeneration({ collection: 'papers', documentId: 'a', generation: '1-a' }, signal);
  /** Counts all documents, as a worker does every ten minutes. */
  const countAll = async () => {
    await redis.client.del(keys.compared);
    await look(new ChunkComparison(servicesOver(), 1));
  };
  for (const hours of [1, 2, 4]) {
    await redis.client.zadd(keys.incomplete, 'XX', Date.now() - 1, 'a');
    await countAll();
    await run('fail');
    for (let counts = 0; counts < 2; counts++) await countAll();
    expect(await queued()).toEqual([]);
    const dueMs = Number(await redis.client.zscore(keys.incomplete, 'a')) - Date.now();
    expect(Math.round(dueMs / 3_600_000)).toBe(hours);
    expect((await read('a')).missing_chunks).toBe(3);
  }
});

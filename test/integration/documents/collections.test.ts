import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';

import type { Collection, CollectionList } from '../../../src/contract/documents.ts';
import type { UploadAccepted } from '../../../src/contract/upload.ts';
import { CollectionCounts } from '../../../src/documents/collections/collection-counts.ts';
import { DocumentDeletion } from '../../../src/jobs/transitions/document-deletion.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { CollectionSweep } from '../../../src/worker/recovery/collection-sweep.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';
import { quietLogger, startTestRoles } from '../../helpers/servers/roles.ts';
import { useBackends, useRedis, useRoles } from '../../helpers/servers/use.ts';
import { registerByJob, type Given } from '../../helpers/stores/counted-documents.ts';

const keys = createKeys();
const OPTIONS = { leaseMs: 60_000, maxRetries: 3, maxStalls: 10, ttlSeconds: 100 };
const { signal } = new AbortController();

const redis = useRedis();
const backends = useBackends();
const env = () => ({ ...backends.env, REDIS_URL: redis.url });
const api = useRoles(['api'], env);

const get = async <T>(path: string) => (await (await fetch(api.url + path)).json()) as T;
const list = (query = '') => get<CollectionList>(`/api/collections${query}`);
const collection = (name: string) => get<Collection>(`/api/collections/${name}`);

test('collections count what uploads and reindexes register, with model and dimension', async () => {
  // The other tests claim their jobs themselves.
  await using _worker = await startTestRoles(['worker'], {
    ...env(),
    BLOB_STORE: join(api.dataDir, 'blobs'),
  });
  const ended = async (id: string) =>
    expect.poll(async () => (await get<{ status: string }>(`/api/jobs/${id}`)).status).toBe('completed');
  const text = 'Pears are green. Plums are blue. Figs are brown. Limes are sour.';
  const fields = { chunk_size: '32', chunk_overlap: '0', chunking_strategy: 'fixed' };
  const add = async (name: string, fruit: string) => {
    const own = text.replace('Pears', fruit);
    const id = await expectAccepted(await upload(api.url, own, { ...fields, collection: name }));
    await ended(id);
    return id;
  };
  const first = await add('fruits', 'Pears');
  await add('fruits', 'Guava');
  await add('others', 'Pears');
  const { chunk_count } = await get<{ chunk_count: number }>(`/api/documents/${first}`);
  const { model } = await get<{ model: string }>(`/api/documents/${first}`);
  const of = (name: string, documents: number): Collection => ({
    name,
    document_count: documents,
    chunk_count: documents * chunk_count,
    size: documents * text.length,
    models: [{ name: model, dimension: expect.any(Number) as number, document_count: documents }],
  });
  expect(chunk_count).toBeGreaterThan(1);
  expect(await list()).toEqual({ collections: [of('fruits', 2), of('others', 1)], total: 2 });
  const reindex = await fetch(`${api.url}/api/documents/${first}/reindex`, { method: 'POST' });
  await ended(((await reindex.json()) as UploadAccepted).job_id);
  expect(await collection('fruits')).toEqual(of('fruits', 2));
  const missing = await fetch(`${api.url}/api/collections/nothing`);
  expect([missing.status, await missing.json()]).toMatchObject([404, { code: 'collection_not_found' }]);
});

describe('counts', () => {
  beforeEach(() => redis.client.flushall());
  const register = (id: string, given: Given = {}) => registerByJob(redis.client, id, given);
  const papers = () => collection('papers');
  const sweep = async () => {
    const services = { redis: redis.client, keys, logger: quietLogger() };
    await redis.client.del(keys.counted, keys.counting);
    await new CollectionSweep({ ...services, collections: new CollectionCounts(redis.client, keys) }).sweep(
      signal,
    );
    return services.logger.lines;
  };

  test('a replaced document counts with its present values, in its present collection', async () => {
    await register('a');
    await register('a', { chunks: 3, size: 100 });
    expect(await list()).toMatchObject({ collections: [{ document_count: 1, chunk_count: 3 }], total: 1 });
    await register('b', { chunks: 5, size: 50 });
    // An older version took documents of several models.
    await redis.client.hset(keys.document('a'), { chunk_count: 1, size: 7, model: 'new', dimension: 8 });
    await sweep();
    expect(await papers()).toEqual({
      name: 'papers',
      document_count: 2,
      chunk_count: 6,
      size: 57,
      models: [
        { name: 'm', dimension: 4, document_count: 1 },
        { name: 'new', dimension: 8, document_count: 1 },
      ],
    });
    await register('a', { collection: 'moved' });
    await register('b', { collection: 'moved', dimension: 0 });
    expect((await fetch(`${api.url}/api/collections/papers`)).status).toBe(404);
    expect(await list()).toMatchObject({
      collections: [{ name: 'moved', document_count: 2, chunk_count: 2, size: 20 }],
      total: 1,
    });
    expect((await collection('moved')).models).toEqual([
      { name: 'm', dimension: 4, document_count: 1 },
      { name: 'm', document_count: 1 },
    ]);
    expect(await redis.client.exists(keys.counts('default', 'papers'))).toBe(0);
    expect(await redis.client.zcard(keys.documentsIn('default', 'papers'))).toBe(0);
  });

  test('a withdrawn upload counts no longer', async () => {
    const queue = new JobQueue(redis.client, keys, OPTIONS);
    await register('b', { chunks: 2 });
    const payload = { filename: 'a', collection: 'papers', file_key: 'default/a' } as never;
    await queue.enqueue('a', 'default', payload);
    const [claim] = (await queue.claim(1)).jobs;
    const fields = { id: 'a', tenant: 'default', collection: 'papers', size: '0' };
    const document = { documentId: 'a', tenant: 'default', collection: 'papers', chunkCount: 0, fields };
    await queue.complete(claim!, document);
    expect(await papers()).toMatchObject({ document_count: 2 });
    await queue.withdraw('a', 'default', 'papers');
    expect(await papers()).toMatchObject({ document_count: 1, chunk_count: 2, size: 10 });
  });

  test('pages come by name, and their cursor survives a collection that goes', async () => {
    for (const name of ['beta', 'alpha', 'gamma', 'Delta']) await register(name, { collection: name });
    const first = await list('?limit=2');
    expect(first).toMatchObject({ total: 4, collections: [{ name: 'Delta' }, { name: 'alpha' }] });
    await register('alpha', { collection: 'gamma' });
    const second = await list(`?limit=2&cursor=${first.next_cursor}`);
    expect(second.collections.map(({ name }) => name)).toEqual(['beta', 'gamma']);
    expect(second).toMatchObject({ total: 3 });
    expect(second.next_cursor).toBeUndefined();
  });

  test('the first read counts the documents of an older version, and those of a rolling upgrade come later', async () => {
    const ids = Array.from({ length: 1200 }, (_, i) => `d${i}`);
    const older = async (id: string, chunk_count: number) => {
      await redis.client.hset(keys.document(id), {
        id,
        tenant: 'default',
        collection: 'papers',
        model: 'm',
        size: '10',
        chunk_count,
      });
      await redis.client.zadd(keys.documents('default'), 1, id);
      await redis.client.zadd(keys.documentsIn('default', 'papers'), 1, id);
    };
    await Promise.all(ids.map((id) => older(id, 2)));
    await redis.client.del(keys.counted);
    expect(await papers()).toMatchObject({
      document_count: 1200,
      chunk_count: 2400,
      size: 12_000,
      models: [{ name: 'm', document_count: 1200 }],
    });
    // A worker of the older version registers one, and replaces one.
    await older('another', 1);
    await older('d0', 5);
    await sweep();
    expect(await papers()).toMatchObject({ document_count: 1201, chunk_count: 2404 });
  });

  test('a sweep corrects counts after other programs deleted documents, counts or their keys', async () => {
    for (const id of ['a', 'b', 'c']) await register(id, { chunks: 2 });
    const counts = keys.counts('default', 'papers');
    const names = keys.collections('default');
    const right = await papers();
    expect(right).toMatchObject({ document_count: 3, chunk_count: 6, size: 30 });
    expect(await sweep()).toEqual([]);
    const faults: (() => Promise<unknown>)[] = [
      () => redis.client.del(counts),
      () => redis.client.hincrby(counts, 'chunks', 7),
      () => redis.client.hset(counts, 'model:1:x', 1),
      () => redis.client.hset(counts, 'size', 'spoilt'),
      () => redis.client.del(names),
      () => redis.client.del(names).then(() => redis.client.set(names, 'spoilt')),
      () => redis.client.del(counts).then(() => redis.client.set(counts, 'spoilt')),
    ];
    for (const fault of faults) {
      await fault();
      await sweep();
      expect(await papers()).toEqual(right);
    }
    await redis.client.del(keys.document('a'));
    expect(String(await sweep())).toContain('collections had wrong counts');
    expect(await papers()).toMatchObject({ document_count: 2, chunk_count: 4 });
    await redis.client.del(keys.document('b'), keys.document('c'));
    await sweep();
    expect(await list()).toEqual({ collections: [], total: 0 });
  });

  test('spoilt counts keep no document from being registered', async () => {
    await redis.client.set(keys.counts('default', 'papers'), 'spoilt');
    await redis.client.set(keys.collections('default'), 'spoilt');
    await register('a');
    await sweep();
    expect(await papers()).toMatchObject({ document_count: 1 });
    await redis.client.hset(keys.counts('default', 'papers'), { size: 'spoilt', documents: '1.5' });
    await register('b');
    await sweep();
    expect(await papers()).toMatchObject({ document_count: 2, size: 20 });
    await redis.client.set(keys.counts('default', 'papers'), 'spoilt');
    await register('c');
    expect(await redis.client.hget(keys.counts('default', 'papers'), 'documents')).toBe('1');
  });

  test('a document counts at once in the place of a key of another type', async () => {
    const counts = keys.counts('default', 'papers');
    await redis.client.set(counts, 'spoilt');
    await register('a');
    expect(await redis.client.hmget(counts, 'documents', 'chunks', 'size')).toEqual(['1', '1', '10']);
    expect(await redis.client.zrange(keys.collections('default'), '0', '-1')).toEqual(['papers']);
  });

  test('a spoilt number of documents does not end the collection, nor its reembed mark', async () => {
    for (const id of ['a', 'b', 'c']) await register(id);
    const counts = keys.counts('default', 'papers');
    await redis.client.hset(counts, { documents: 'spoilt', reembed: 'job:1' });
    await new DocumentDeletion(redis.client, keys, OPTIONS.ttlSeconds).delete('default', 'papers', 'a');
    expect(await redis.client.hmget(counts, 'documents', 'reembed')).toEqual(['1', 'job:1']);
    await sweep();
    expect(await papers()).toMatchObject({ document_count: 2, chunk_count: 2 });
  });

  test.each(['[]', '["papers","x","y","4","m"]', '5'])(
    'a document with the share %s counts anew',
    async (share) => {
      await register('a');
      await redis.client.hset(keys.document('a'), 'counted', share);
      await register('a', { chunks: 3 });
      expect(await redis.client.hget(keys.document('a'), 'counted')).toBe('["papers","3","10","4","m"]');
    },
  );

  test('a correction leaves counts that have changed since its walk began', async () => {
    await register('a', { chunks: 2 });
    const counts = keys.counts('default', 'papers');
    await redis.client.hset(counts, 'chunks', 9);
    const walker = redis.client.duplicate();
    const zrange = walker.zrange.bind(walker) as unknown as (...args: string[]) => Promise<string[]>;
    let late: Promise<void> | undefined;
    walker.zrange = (async (...args: string[]) => {
      const ids = await zrange(...args);
      if (args[0] === keys.documentsIn('default', 'papers')) await (late ??= register('b', { chunks: 4 }));
      return ids;
    }) as never;
    const correction = new CollectionCounts(walker, keys);
    expect(await correction.correct('default', signal)).toEqual([]);
    expect(await correction.correct('default', signal)).toEqual(['papers']);
    expect(await papers()).toMatchObject({ document_count: 2, chunk_count: 6 });
    walker.disconnect();
  });

  test('counts stay true while documents are replaced and counted at the same time', async () => {
    const counter = new CollectionCounts(redis.client, keys);
    const rounds = Array.from({ length: 40 }, (_, i) => i);
    let done = false;
    const counting = (async () => {
      while (!done) {
        await counter.count('default', signal);
        await counter.correct('default', signal);
      }
    })();
    for (const i of rounds) {
      const given = { chunks: i, size: i, collection: i % 3 === 0 ? 'papers' : 'others' };
      await register(`d${i % 5}`, { ...given, model: given.collection });
    }
    done = true;
    await counting;
    const last = rounds.slice(-5);
    const { collections } = await list();
    const sum = (name: string) => collections.reduce((all, one) => all + one[name as 'size'], 0);
    expect(sum('document_count')).toBe(5);
    expect(sum('chunk_count')).toBe(last.reduce((a, b) => a + b));
    expect(sum('size')).toBe(last.reduce((a, b) => a + b));
  });
});

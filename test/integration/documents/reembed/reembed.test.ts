import { beforeEach, describe, expect, test } from 'vitest';

import type { Collection, Document } from '../../../../src/contract/documents.ts';
import type { SearchMode, SearchResponse } from '../../../../src/contract/search.ts';
import { formerName, nextName } from '../../../../src/documents/reembed/collection-names.ts';
import { expectAccepted, upload } from '../../../helpers/clients/uploads.ts';
import { collectionCalls } from '../../../helpers/clients/collection-calls.ts';
import { GENEROUS } from '../../../helpers/servers/ingestion.ts';
import { useModelRoles } from '../../../helpers/servers/model-roles.ts';
import type { TestRoles } from '../../../helpers/servers/roles.ts';

const FIRST = { model: 'first', dimensions: 64 };
const SECOND = { model: 'second', dimensions: 64 };
const LONGER = { model: 'longer', dimensions: 65 };

const roles = useModelRoles();
const { processor, chroma } = roles;
let api: TestRoles;
let collection = '';
let tests = 0;
let documents: string[] = [];

const { get, post, job, ended, client, inChroma, ingest, reembed, ids } = collectionCalls(() => ({
  url: api.url,
  chromaUrl: chroma.url,
  collection,
}));
const search = (mode: SearchMode, query = 'pears') => post('/api/search', { collection, query, mode });
async function found(mode: SearchMode, query?: string): Promise<string[]> {
  const response = await search(mode, query);
  expect(response.status).toBe(200);
  return ((await response.json()) as SearchResponse).results.map(({ document_id }) => document_id).sort();
}
const ofCollection = () => get<Collection>(`/api/collections/${collection}`);

/** Names of the collections that a reembed job makes. */
async function made(): Promise<string[]> {
  const own = [nextName(collection), formerName(collection)];
  return (await client().listCollections({ limit: 1000 }))
    .map(({ name }) => name)
    .filter((name) => own.includes(name));
}
/** Holds the processor's embeddings back. @returns what lets them go */
function holdEmbeddings(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  processor.hold = (path) => (path.endsWith('/embed') ? promise : undefined);
  return () => {
    processor.hold = undefined;
    resolve();
  };
}

beforeEach(async () => {
  collection = `papers${++tests}`;
  api = await roles.restartWith(FIRST);
  documents = [];
  for (const text of ['Pears are green.', 'Ripe pears are yellow.', 'Plums are blue.'])
    documents.push(await ingest(text));
});

test('gives a collection the present model, and keeps its chunks and its name', async () => {
  const before = await ids();
  api = await roles.restartWith(LONGER);
  expect((await search('vector')).status).toBe(409);
  const id = await reembed();
  expect(await ended(id)).toMatchObject({
    type: 'collection_reembed',
    collection,
    status: 'completed',
    progress: 100,
    counts: { chunks_done: 3, chunks_total: 3 },
  });
  expect(await ofCollection()).toMatchObject({
    document_count: 3,
    chunk_count: 3,
    models: [{ name: 'longer', dimension: 65, document_count: 3 }],
  });
  expect(await ids()).toEqual(before);
  const { embeddings } = await (await inChroma()).get({ include: ['embeddings'] });
  expect(embeddings.map((vector) => vector?.length)).toEqual([65, 65, 65]);
  expect(await found('vector')).toHaveLength(3);
  expect(await found('keyword')).toEqual(documents.slice(0, 2).sort());
  documents.push(await ingest('More pears.'));
  expect(await found('hybrid')).toContain(documents.at(-1));
  expect(await made()).toEqual([]);
});

describe('while a collection is embedded again', () => {
  let release = () => {};
  let id = '';
  beforeEach(async () => {
    api = await roles.restartWith(LONGER);
    const calls = processor.calls('/embed').length;
    release = holdEmbeddings();
    id = await reembed();
    await expect.poll(() => processor.calls('/embed').length, GENEROUS).toBeGreaterThan(calls);
    await expect
      .poll(async () => (await job(id)).counts, GENEROUS)
      .toEqual({ chunks_done: 0, chunks_total: 3 });
    // The query of a search is not held.
    processor.hold = undefined;
  });

  test('a hybrid search goes on by words, and says so', async () => {
    const response = await search('hybrid');
    expect(response.status).toBe(200);
    const { results, degraded } = (await response.json()) as SearchResponse;
    expect(results.map(({ document_id }) => document_id).sort()).toEqual(documents.slice(0, 2).sort());
    expect(degraded).toBe(true);
    expect((await search('vector')).status).toBe(409);
    expect((await ofCollection()).reembed_job).toBe(id);
    release();
    expect(await ended(id)).toMatchObject({ status: 'completed' });
    expect((await ofCollection()).reembed_job).toBeUndefined();
  });

  test('uploads wait for its end, and a second request gets the same job', async () => {
    expect(await reembed()).toBe(id);
    const later = await expectAccepted(await upload(api.url, 'Later pears.', { collection }));
    const waiting = { status: 'retrying', error_code: 'collection_reembedding', retry_count: 0 };
    await expect.poll(() => job(later), GENEROUS).toMatchObject(waiting);
    release();
    await ended(id);
    await post(`/api/jobs/${later}/retry`);
    expect(await ended(later)).toMatchObject({ status: 'completed' });
    expect(await found('vector')).toHaveLength(4);
  });

  test('an edit and a deletion are not undone by the switch', async () => {
    const [edited = '', deleted = '', kept = ''] = documents;
    // The job has read the records.
    expect((await fetch(`${api.url}/api/documents/${deleted}`, { method: 'DELETE' })).status).toBe(204);
    const patch = {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"metadata":{"year":1999}}',
    };
    expect((await fetch(`${api.url}/api/documents/${edited}`, patch)).status).toBe(200);
    const ofDocument = async (one: string) => (await inChroma()).get({ where: { document_id: one } });
    await expect.poll(async () => (await ofDocument(deleted)).ids, GENEROUS).toEqual([]);
    release();
    expect(await ended(id)).toMatchObject({ status: 'completed' });
    expect((await ofDocument(deleted)).ids).toEqual([]);
    expect((await ofDocument(edited)).metadatas[0]).toMatchObject({ year: 1999 });
    expect(await found('vector')).toEqual([edited, kept].sort());
    expect(await made()).toEqual([]);
  });

  test('a cancel leaves the former vectors, and nothing of its own', async () => {
    await post(`/api/jobs/${id}/cancel`);
    release();
    expect(await ended(id)).toMatchObject({ status: 'failed', error_code: 'cancelled' });
    await expect.poll(made, GENEROUS).toEqual([]);
    api = await roles.restartWith(FIRST);
    expect(await found('vector')).toHaveLength(3);
  });

  test('a worker that stops hands the job on', async () => {
    release();
    await roles.stop();
    api = await roles.restartWith(LONGER);
    expect(await ended(id)).toMatchObject({ status: 'completed' });
    expect(await found('vector')).toHaveLength(3);
  });
});

test('a document that a job began before is not registered with chunks that the switch has moved', async () => {
  const late = Promise.withResolvers<void>();
  let calls = 0;
  processor.hold = (path) => (path.endsWith('/embed') && ++calls === 1 ? late.promise : undefined);
  const began = await expectAccepted(await upload(api.url, 'Late pears.', { collection }));
  await expect.poll(() => calls, GENEROUS).toBe(1);
  expect(await ended(await reembed())).toMatchObject({ status: 'completed' });
  late.resolve();
  const refused = { status: 'retrying', error_code: 'collection_reembedding', retry_count: 0 };
  await expect.poll(() => job(began), GENEROUS).toMatchObject(refused);
  await post(`/api/jobs/${began}/retry`);
  expect(await ended(began)).toMatchObject({ status: 'completed' });
  expect(await found('vector')).toHaveLength(4);
});

test('the next attempt embeds only what the last one left', async () => {
  const more = Array.from({ length: 40 }, (_, i) => `The pear number ${i}. `.repeat(200));
  for (let i = 0; i < more.length; i += 8)
    documents.push(...(await Promise.all(more.slice(i, i + 8).map(ingest))));
  api = await roles.restartWith(LONGER);
  const texts = () =>
    processor
      .calls('/embed')
      .reduce((sum, body) => sum + (JSON.parse(body) as { texts: string[] }).texts.length, 0);
  const { chunk_count: chunks } = await ofCollection();
  const before = texts();
  processor.delayMs = (path) => (path.endsWith('/embed') ? 100 : 0);
  const id = await reembed();
  await expect
    .poll(async () => (await job(id)).counts?.chunks_done ?? 0, GENEROUS)
    .toBeGreaterThan(chunks / 3);
  await roles.stop();
  const half = texts() - before;
  processor.delayMs = () => 0;
  api = await roles.restartWith(LONGER);
  expect(await ended(id)).toMatchObject({ status: 'completed', counts: { chunks_done: chunks } });
  expect(texts() - before).toBeLessThan(chunks + half);
  expect(await ids()).toHaveLength(chunks);
});

test('searches read a collection whose switch was cut halfway, and a sweep reverts the switch', async () => {
  await (await inChroma()).modify({ name: formerName(collection) });
  const next = await client().createCollection({
    name: nextName(collection),
    embeddingFunction: null,
    metadata: {
      collection,
      reembed_job: 'lost',
      embedding_model: 'second',
      embedding_dimensions: 64,
      reembed_began_ms: 0,
    },
  });
  await next.upsert({ ids: ['a:b:0'], embeddings: [Array.from({ length: 64 }, () => 1)], documents: ['x'] });
  await roles.redis.client.sadd('jobs:reembedding', JSON.stringify(['default', collection]));
  await expect.poll(made, GENEROUS).toEqual([]);
  expect(await ids()).toHaveLength(3);
  expect(await found('vector')).toHaveLength(3);
});

test('Redis follows vectors that were switched before it went back to an older copy', async () => {
  api = await roles.restartWith(SECOND);
  expect(await ended(await reembed())).toMatchObject({ status: 'completed' });
  for (const id of documents) await roles.redis.client.hset(`document:${id}`, 'model', 'first');
  const key = `collections:default:${collection}`;
  await roles.redis.client.hdel(key, 'model:64:second', 'reembed');
  await roles.redis.client.hset(key, 'model:64:first', 3);
  for (const id of documents)
    await roles.redis.client.hset(
      `document:${id}`,
      'counted',
      JSON.stringify([collection, '1', '0', '64', 'first']),
    );
  await roles.redis.client.del('jobs:reconciled');
  await expect
    .poll(async () => (await ofCollection()).models, GENEROUS)
    .toMatchObject([{ name: 'second', document_count: 3 }]);
  expect(await found('vector')).toHaveLength(3);
});

test('an unknown collection gets 404, and a document shows its new model', async () => {
  expect((await post('/api/collections/nothing/reembed')).status).toBe(404);
  api = await roles.restartWith(SECOND);
  await ended(await reembed());
  expect(await get<Document>(`/api/documents/${documents[0]}`)).toMatchObject({ model: 'second' });
});

test('an emptied collection stays bound to its model', async () => {
  api = await roles.restartWith(SECOND);
  await ended(await reembed());
  await fetch(`${api.url}/api/collections/${collection}`, { method: 'DELETE' });
  api = await roles.restartWith(FIRST);
  const refused = await expectAccepted(await upload(api.url, 'Figs.', { collection }));
  const error = expect.stringContaining('Set the former model back, or use another collection.') as string;
  expect(await ended(refused)).toMatchObject({ status: 'failed', error_code: 'embedding_mismatch', error });
  api = await roles.restartWith(SECOND);
  const figs = await ingest('Figs are brown.');
  expect(await found('vector', 'figs')).toEqual([figs]);
});

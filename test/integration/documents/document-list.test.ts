import { beforeEach, expect, test } from 'vitest';

import type { DocumentList } from '../../../src/contract/documents.ts';
import { listDocuments } from '../../../src/documents/document-list.ts';
import { DocumentRegistry } from '../../../src/documents/registry.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';
import { registerByJob, type Given } from '../../helpers/stores/counted-documents.ts';

const keys = createKeys();

const redis = useRedis();
const api = useRoles(['api'], () => ({ REDIS_URL: redis.url, MAX_REQUESTS_PER_SECOND: '100000' }));

let registered = 0;
beforeEach(async () => {
  registered = 0;
  await redis.client.flushall();
});

const ask = (query: Record<string, string>) =>
  fetch(`${api.url}/api/documents?${String(new URLSearchParams(query))}`);
const list = async (query: Record<string, string> = {}) => (await (await ask(query)).json()) as DocumentList;
const idsOf = ({ documents }: DocumentList) => documents.map(({ id }) => id);

/** Registers a document one millisecond after the one before, so that their order is known. */
async function register(id: string, given: Given = {}): Promise<void> {
  await registerByJob(redis.client, id, given);
  registered++;
  for (const index of [keys.documents('default'), keys.documentsIn('default', given.collection ?? 'papers')])
    await redis.client.zadd(index, registered, id);
}

/** Registers many documents without their jobs. @param fields of the document at a place */
async function registerMany(count: number, fields: (i: number) => Record<string, string>): Promise<void> {
  const pipeline = redis.client.pipeline();
  for (let i = 0; i < count; i++) {
    const id = `d${String(i).padStart(5, '0')}`;
    pipeline.hset(keys.document(id), { id, tenant: 'default', metadata: '{}', ...fields(i) });
    pipeline.zadd(keys.documents('default'), i, id);
  }
  await pipeline.exec();
}

/** Reads all pages. @returns the ids of each page */
async function pages(query: Record<string, string>): Promise<string[][]> {
  const read: string[][] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page: DocumentList = await list({ ...query, ...(cursor !== '' && { cursor }) });
    read.push(idsOf(page));
    cursor = page.next_cursor;
  }
  return read;
}

test('without the new parameters a page has the fields that it always had', async () => {
  await register('a');
  await register('b');
  const page = await list({ limit: '1' });
  expect(Object.keys(page)).toEqual(['documents', 'next_cursor']);
  expect([idsOf(page), page.next_cursor]).toEqual([['b'], 'b']);
  expect(Object.keys(page.documents[0]!).sort()).toEqual(
    [
      'chunk_count',
      'chunk_overlap',
      'chunk_size',
      'chunking_strategy',
      'collection',
      'created_at',
      'filename',
      'id',
      'metadata',
      'model',
      'size',
      'updated_at',
    ].sort(),
  );
});

test('documents come newest or oldest first, and a replaced one keeps its place', async () => {
  for (const id of ['a', 'b', 'c', 'd', 'e']) await register(id);
  await registerByJob(redis.client, 'b');
  expect(await pages({ limit: '2' })).toEqual([['e', 'd'], ['c', 'b'], ['a']]);
  expect(await pages({ limit: '2', sort: 'newest' })).toEqual([['e', 'd'], ['c', 'b'], ['a']]);
  expect(await pages({ limit: '2', sort: 'oldest' })).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  const refused = await ask({ sort: 'size' });
  expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'invalid_request' }]);
});

test('a filter compares the whole name, and metadata with their types', async () => {
  await register('number', { metadata: { year: 2024, topic: 'fruit' }, filename: 'plan.txt' });
  await register('text', { metadata: { year: '2024', topic: 'fruit' }, filename: 'plan.txt.bak' });
  await register('true', { metadata: { year: true }, filename: 'Plan.txt' });
  await register('none', { filename: 'plan.txt', collection: 'others' });
  const found = async (metadata: object, more: Record<string, string> = {}) =>
    idsOf(await list({ metadata: JSON.stringify(metadata), ...more }));
  expect(await found({ year: 2024 })).toEqual(['number']);
  expect(await found({ year: '2024' })).toEqual(['text']);
  expect(await found({ year: true })).toEqual(['true']);
  expect(await found({ topic: 'fruit' })).toEqual(['text', 'number']);
  expect(await found({ topic: 'fruit', year: 2024 })).toEqual(['number']);
  expect(await found({ topic: 'fruit', toString: 'x' })).toEqual([]);
  expect(await found({}, { sort: 'oldest' })).toEqual(['number', 'text', 'true', 'none']);
  expect(idsOf(await list({ filename: 'plan.txt' }))).toEqual(['none', 'number']);
  expect(idsOf(await list({ filename: 'plan.txt', collection: 'papers' }))).toEqual(['number']);
  expect(await found({ year: 2024 }, { filename: 'plan.txt.bak' })).toEqual([]);
  for (const metadata of ['{', '[]', '"year"', '{"year":[2024]}', '{"year":null}', '{"year":{"$gt":1}}']) {
    const refused = await ask({ metadata });
    expect([metadata, refused.status, await refused.json()]).toMatchObject([
      metadata,
      400,
      { code: 'invalid_request', detail: expect.stringMatching(/^metadata/) as string },
    ]);
  }
});

test('a filter by a part of the name ignores case and composition', async () => {
  await register('plan', { filename: 'Plan of 2024.txt' });
  await register('plans', { filename: 'two plans.md', collection: 'others' });
  // “é” as macOS writes it: a letter and a mark.
  await register('cafe', { filename: 'Cafe\u0301.md' });
  const found = async (filename_contains: string, more: Record<string, string> = {}) =>
    idsOf(await list({ filename_contains, ...more }));
  expect(await found('PLAN')).toEqual(['plans', 'plan']);
  expect(await found('plan of')).toEqual(['plan']);
  expect(await found('plan', { collection: 'others' })).toEqual(['plans']);
  expect(await found('plan', { filename: 'two plans.md' })).toEqual(['plans']);
  expect(await found('caf\u00e9')).toEqual(['cafe']);
  expect(await found('.*')).toEqual([]);
  expect(await list({ filename_contains: 'plan', total: 'true', limit: '1' })).toMatchObject({ total: 2 });
  for (const part of ['', 'x'.repeat(256)]) {
    const refused = await ask({ filename_contains: part });
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { code: 'invalid_request', detail: expect.stringMatching(/^filename_contains/) as string },
    ]);
  }
});

test('a total is exact for all documents and for a collection, and there only on request', async () => {
  for (const id of ['a', 'b', 'c']) await register(id, { filename: id === 'b' ? 'b.txt' : 'x.txt' });
  await register('d', { collection: 'others' });
  expect(await list({ limit: '1', total: 'true' })).toMatchObject({ total: 4, next_cursor: 'd' });
  expect(await list({ collection: 'papers', total: 'true' })).toMatchObject({ total: 3 });
  expect(await list({ limit: '1', filename: 'x.txt', total: 'true' })).toMatchObject({ total: 2 });
  const second = await list({ limit: '1', filename: 'x.txt', total: 'true', cursor: 'c' });
  expect([idsOf(second), second.total]).toEqual([['a'], 2]);
  expect(await list({ total: 'false' })).not.toHaveProperty('total');
  expect((await ask({ total: 'yes' })).status).toBe(400);
});

test('a filtered page looks at a bounded number of documents, and its cursor reaches the rest', async () => {
  await registerMany(12_000, (i) => ({ filename: i % 4000 === 7 ? 'rare.txt' : 'usual.txt' }));
  const all = ['d08007', 'd04007', 'd00007'];
  const query = { filename: 'rare.txt' };
  expect((await pages(query)).flat()).toEqual(all);
  expect((await pages({ ...query, sort: 'oldest' })).flat()).toEqual(all.toReversed());
  expect((await pages({ ...query, limit: '1' })).flat()).toEqual(all);
  const first = await list({ ...query, total: 'true' });
  expect(idsOf(first)).toEqual(['d08007']);
  expect(first.next_cursor).toBeDefined();
  expect(first).toMatchObject({ total_at_least: 1 });
  expect(first).not.toHaveProperty('total');
  // Nothing matches: each page ends after the same number of documents.
  expect((await pages({ filename: 'nothing' })).map((page) => page.length)).toEqual([0, 0, 0]);
});

test('each document comes once, in either order, while others are registered and removed', async () => {
  await registerMany(1000, () => ({ filename: 'x.txt' }));
  const kept = Array.from({ length: 1000 }, (_, i) => `d${String(i).padStart(5, '0')}`).filter(
    (_, i) => i % 10 !== 5,
  );
  for (const sort of ['newest', 'oldest']) {
    const seen: string[] = [];
    let round = 0;
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page: DocumentList = await list({
        filename: 'x.txt',
        sort,
        limit: '90',
        ...(cursor !== '' && { cursor }),
      });
      seen.push(...idsOf(page));
      cursor = page.next_cursor;
      const gone = `d${String(round * 100 + 5).padStart(5, '0')}`;
      if (gone !== cursor) await redis.client.zrem(keys.documents('default'), gone);
      await register(`new-${sort}-${round++}`, { filename: 'y.txt' });
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(kept));
  }
});

test.each(['newest', 'oldest'] as const)(
  'a page (%s) leaves none out while others are removed and registered between its reads',
  async (sort) => {
    await registerMany(1000, () => ({ filename: 'x.txt' }));
    registered = 1000;
    const registry = new DocumentRegistry(redis.client, keys);
    const read = registry.readEach.bind(registry);
    let reads = 0;
    registry.readEach = async (ids) => {
      const documents = await read(ids);
      // Two go for one that comes, because equal numbers would keep the places of the rest.
      await redis.client.zrem(keys.documents('default'), ids[5]!, ids[6]!);
      await register(`new${reads++}`, { filename: 'y.txt' });
      return documents;
    };
    const query = { sort, filename: 'x.txt', limit: 1000, total: false };
    const page = await listDocuments('default', query, { redis: redis.client, keys, registry });
    expect(reads).toBeGreaterThan(4);
    expect(new Set(idsOf(page)).size).toBe(1000);
    expect(page.documents).toHaveLength(1000);
  },
);

test('a cursor whose document is gone is refused, with every filter and order', async () => {
  await register('a');
  const queries: Record<string, string>[] = [
    {},
    { sort: 'oldest' },
    { filename: 'a' },
    { metadata: '{"a":1}' },
  ];
  for (const query of queries) {
    const refused = await ask({ ...query, cursor: 'gone' });
    expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'invalid_cursor' }]);
  }
});

import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';

import { startChroma } from '../../helpers/servers/chroma.ts';
import { registerByJob } from '../../helpers/stores/counted-documents.ts';
import { use, useEmbeddings, useRedis, useRoles } from '../../helpers/servers/use.ts';

const COLLECTION = 'filtered';
const redis = useRedis();
const chroma = use(startChroma);
const embedder = useEmbeddings();
const keywords = useRoles(['keywords'], {});
const processor = useRoles(['processor'], () => ({ EMBEDDINGS_URL: embedder.url, PROCESSOR_CHILDREN: '1' }));
const api = useRoles(['api'], () => ({
  REDIS_URL: redis.url,
  CHROMA_URL: chroma.url,
  PROCESSOR_URL: processor.url,
  KEYWORDS_URL: keywords.url,
  // On a fast machine 200 searches within a second or two are too many for one client.
  MAX_REQUESTS_PER_SECOND: '100000',
}));

beforeAll(async () => {
  const response = await fetch(`${processor.url}/embed`, post({ texts: ['pears'] }));
  const { embeddings } = (await response.json()) as { embeddings: number[][] };
  const records = [{ page: 1 }, { page: 1.5 }, { page: 'one' }, { page: true, size: 2 }];
  const collection = await chroma.client.createCollection({ name: COLLECTION, embeddingFunction: null });
  await collection.add({
    ids: records.map((_, index) => `d:1-x:${index}`),
    embeddings: records.map(() => embeddings[0]!),
    documents: records.map(() => 'pears'),
    metadatas: records.map((record) => ({ document_id: 'd', generation: '1-x', ...record })),
  });
  await registerByJob(redis.client, 'other', { collection: COLLECTION, model: 'default', dimension: 64 });
});

function post(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
const search = (where: unknown) =>
  fetch(`${api.url}/api/search`, post({ collection: COLLECTION, query: 'pears', where }));

const { tree: filters } = fc.letrec((tie) => {
  const scalar = fc.oneof(
    fc.constantFrom('one', '', 'x\ud800', '\0', true, false, null),
    fc.integer({ min: -2, max: 3 }),
    fc.double({ noNaN: true }),
    fc.maxSafeInteger(),
    fc.constantFrom(2 ** 53, 2 ** 63, 1e19, -(2 ** 63), 1e300, -0, 0.5, 1.5),
  );
  const list = fc.array(scalar, { maxLength: 4 });
  const operator = fc.constantFrom('$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin', '$like');
  const field = fc.constantFrom(
    'page',
    'size',
    'nowhere',
    '',
    '#document',
    '$field',
    'chroma:document',
    'x\ud800',
  );
  const condition = fc.oneof(
    scalar,
    fc.tuple(operator, fc.oneof(scalar, list)).map(([name, operand]) => ({ [name]: operand })),
  );
  const leaf = fc.tuple(field, condition).map(([name, operand]) => ({ [name]: operand }));
  const long = fc
    .integer({ min: 1990, max: 2010 })
    .map((length) => ({ page: { $in: Array.from({ length }, (_, value) => value) } }));
  const join = fc.constantFrom('$and', '$or');
  const many = fc
    .tuple(join, fc.integer({ min: 250, max: 260 }), leaf)
    .map(([name, length, part]) => ({ [name]: Array.from({ length }, () => part) }));
  const deep = fc.tuple(leaf, fc.integer({ min: 5, max: 12 })).map(([part, levels]) => {
    let where: object = part;
    for (let level = 0; level < levels; level++) where = { [level % 2 ? '$and' : '$or']: [where, part] };
    return where;
  });
  return {
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      long,
      many,
      deep,
      fc.tuple(join, fc.array(tie('tree'), { maxLength: 4 })).map(([name, parts]) => ({ [name]: parts })),
    ),
  };
});

test('a field that no search has is refused, because a misspelled one would change the results in silence', async () => {
  const response = await fetch(
    `${api.url}/api/search`,
    post({ collection: COLLECTION, query: 'x', limt: 5 }),
  );
  expect(response.status).toBe(400);
  const detail = 'limt: is no field of this request. Use limit, or leave it out.';
  expect(await response.json()).toMatchObject({ code: 'invalid_request', detail });
});

test('every filter is served or refused with its reason, and Chroma lives on', async () => {
  const { pid } = chroma.server;
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(filters, async (where) => {
      const response = await search(where);
      const body = (await response.json()) as { code?: string; detail?: string };
      seen.add(response.status);
      expect([200, 400]).toContain(response.status);
      // Sluice refuses it itself, and does not leave that to Chroma.
      if (response.status === 400)
        expect(body).toMatchObject({
          code: 'invalid_request',
          detail: expect.stringMatching(/^where: /) as string,
        });
    }),
    { numRuns: 200 },
  );
  expect(seen).toEqual(new Set([200, 400]));
  expect(chroma.server.pid).toBe(pid);
});

test('a filter of 10,000 terms is refused, and Chroma lives on', async () => {
  const { pid } = chroma.server;
  const response = await search({ $or: Array.from({ length: 10_000 }, (_, page) => ({ page })) });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ detail: expect.stringContaining('256 terms') as string });
  expect((await search({ page: 1 })).status).toBe(200);
  expect(chroma.server.pid).toBe(pid);
});

test('a query with half of a character is searched for', async () => {
  const body = '{"collection":"filtered","query":"pears \\ud83d"}';
  const response = await fetch(`${api.url}/api/search`, { ...post({}), body });
  expect(response.status).toBe(200);
});

test('a collection whose documents are all deleted is unknown, though Chroma keeps it', async () => {
  expect((await fetch(`${api.url}/api/collections/${COLLECTION}`, { method: 'DELETE' })).status).toBe(200);
  const response = await search({});
  expect([response.status, await response.json()]).toMatchObject([404, { code: 'collection_not_found' }]);
});

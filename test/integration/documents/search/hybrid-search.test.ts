import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { SearchRequest, SearchResponse } from '../../../../src/contract/search.ts';
import { expectAccepted, upload } from '../../../helpers/clients/uploads.ts';
import { GENEROUS, useIngestion } from '../../../helpers/servers/ingestion.ts';
import type { TestRoles } from '../../../helpers/servers/roles.ts';

const TEXTS = [
  'The lamp of the lighthouse shows two white flashes.',
  'The pump stops with ERR-4032b when the tank is empty.',
  'Pears are green, and plums are blue.',
  'Die Häuser am Hafen sind alt.',
  '灯塔在岛上，灯光很亮。',
];
const { redis, backends, api, startWorker } = useIngestion();
let worker: TestRoles;
let collection = '';
let tests = 0;

const ask = (request: Partial<SearchRequest>) =>
  fetch(`${api.url}/api/search`, { method: 'POST', body: JSON.stringify({ collection, ...request }) });
async function search(request: Partial<SearchRequest>): Promise<SearchResponse> {
  const response = await ask(request);
  expect(response.status).toBe(200);
  return (await response.json()) as SearchResponse;
}
async function store(text: string, fields: Record<string, string> = {}): Promise<string> {
  const id = await expectAccepted(await upload(api.url, text, { collection, ...fields }));
  const job = async () =>
    ((await (await fetch(`${api.url}/api/jobs/${id}`)).json()) as { status: string }).status;
  await expect.poll(job, GENEROUS).toBe('completed');
  return id;
}

beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => worker?.close());
beforeEach(async () => {
  collection = `papers${++tests}`;
  await Promise.all(TEXTS.map((text) => store(text)));
});

test('a code is found by its exact name first, and marked', async () => {
  for (const mode of ['hybrid', 'keyword'] as const) {
    const { results } = await search({ query: 'ERR-4032b', mode });
    const [best] = results;
    expect(best?.text).toBe(TEXTS[1]);
    expect(best?.matches.map(({ start, end }) => best.text.slice(start, end))).toEqual(['ERR-4032b']);
    expect(best?.keyword_score).toBeGreaterThan(0);
  }
});

test('words are found in other forms and scripts, and only where they are', async () => {
  const found = async (query: string) =>
    (await search({ query, mode: 'keyword' })).results.map(({ text }) => TEXTS.indexOf(text));
  expect(await found('lighthouses')).toEqual([0]);
  expect(await found('Haus')).toEqual([3]);
  expect(await found('hauser')).toEqual([3]);
  expect(await found('灯塔')).toEqual([4]);
  expect(await found('flash pears')).toEqual(expect.arrayContaining([0, 2]));
});

test('a query whose words are nowhere gets nothing by words', async () => {
  expect((await search({ query: 'zyzzyva qwertz', mode: 'keyword' })).results).toEqual([]);
  expect((await search({ query: 'the of and', mode: 'keyword' })).results).toEqual([]);
});

test('a keyword search needs no embedder, and a vector search no keyword index', async () => {
  await backends.processor.down();
  expect((await search({ query: 'pears', mode: 'keyword' })).results).toHaveLength(1);
  await backends.processor.up();
  await backends.keywords.down();
  expect((await search({ query: 'pears', mode: 'vector' })).results).toHaveLength(TEXTS.length);
  await backends.keywords.up();
});

test('while the keyword index is away a search is refused, unless the caller takes meaning alone', async () => {
  await backends.keywords.down();
  const refused = await ask({ query: 'pears' });
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'keywords_unavailable' }]);
  const { results, degraded } = await search({ query: 'pears', allow_degraded: true });
  expect([results.length, degraded]).toEqual([TEXTS.length, true]);
  expect((await ask({ query: 'pears', mode: 'keyword', allow_degraded: true })).status).toBe(503);
  await backends.keywords.up();
  expect((await search({ query: 'pears' })).degraded).toBeUndefined();
});

test('while the embedder is away a search is refused, unless the caller takes words alone', async () => {
  await backends.processor.down();
  expect((await ask({ query: 'pears' })).status).toBe(503);
  const { results, degraded } = await search({ query: 'pears', allow_degraded: true });
  expect([results.map(({ text }) => text), degraded]).toEqual([[TEXTS[2]], true]);
  await backends.processor.up();
});

test('scores of a hybrid search reach from 0 to 1, also by one leg alone', async () => {
  const best = async (request: Partial<SearchRequest>) => (await search(request)).results[0];
  expect(await best({ query: 'zyzzyva', min_score: 0.5 })).toMatchObject({ score: 1 });
  await backends.keywords.down();
  const lone = { allow_degraded: true, min_score: 0.99 };
  expect(await best({ query: 'pears', ...lone })).toMatchObject({ score: 1 });
  await backends.keywords.up();
  await backends.processor.down();
  expect(await best({ query: 'pears', ...lone })).toMatchObject({ score: 1, text: TEXTS[2] });
  await backends.processor.up();
});

test('a filter holds for hits by words, also one by document', async () => {
  const id = await store('More pears.', { metadata: '{"kind":"note"}' });
  const texts = async (where: SearchRequest['where']) =>
    (await search({ query: 'pears', mode: 'keyword', where })).results.map(({ text }) => text);
  expect(await texts({ kind: 'note' })).toEqual(['More pears.']);
  expect(await texts({ document_id: id })).toEqual(['More pears.']);
  expect(await texts({ document_id: { $in: [id, 'x'] } })).toEqual(['More pears.']);
  expect(await texts({ kind: 'none' })).toEqual([]);
});

test('one passage appears once, however many documents have it', async () => {
  await store(TEXTS[2]!);
  const { results } = await search({ query: 'pears', limit: 50 });
  expect(results.filter(({ text }) => text === TEXTS[2])).toHaveLength(1);
});

test('copies of a passage take no place from other passages', async () => {
  const { client } = redis;
  const before = await client.zcard('documents:default');
  const notice = 'This confidential notice is for the owners of a gizmo.';
  const fields = { chunking_strategy: 'fixed', chunk_size: '60', chunk_overlap: '0' };
  const ids = [];
  for (let i = 0; i < 210; i++)
    ids.push(await expectAccepted(await upload(api.url, notice, { collection, ...fields })));
  await store('A gizmo is fragile.', fields);
  const documents = () => client.zcard('documents:default');
  await expect.poll(documents, GENEROUS).toBe(before + ids.length + 1);
  const { results } = await search({ query: 'gizmo notice', mode: 'keyword', limit: 2 });
  expect(results.map(({ text }) => text)).toEqual([notice, 'A gizmo is fragile.']);
});

test('a hit carries its neighbours on request', async () => {
  const text = [
    'One of them is a yellow pear.',
    'Two of them are rosy quinces.',
    'Three of them are purple figs.',
    'Four of them are green limes.',
  ].join(' ');
  await store(text, { chunking_strategy: 'fixed', chunk_size: '32', chunk_overlap: '0' });
  const { results } = await search({ query: 'quince', mode: 'keyword', context: 2 });
  const [hit] = results;
  expect(hit?.before?.map(({ chunk_index }) => chunk_index)).toEqual(
    [...Array(hit!.chunk_index).keys()].slice(-2),
  );
  expect(hit?.after?.[0]?.chunk_index).toBe(hit!.chunk_index + 1);
  expect(hit?.after).toHaveLength(2);
  expect((await search({ query: 'quince', mode: 'keyword' })).results[0]).not.toHaveProperty('before');
});

test('min_score bounds the scores of its mode, and an impossible one is refused', async () => {
  for (const mode of ['hybrid', 'vector', 'keyword'] as const) {
    const { results } = await search({ query: 'pears green lamp', mode, min_score: 0 });
    const least = results[0]!.score;
    const fewer = await search({ query: 'pears green lamp', mode, min_score: least });
    expect(fewer.results.map(({ text }) => text)).toEqual([results[0]!.text]);
  }
  expect((await ask({ query: 'pears', min_score: -0.5 })).status).toBe(400);
  expect((await ask({ query: 'pears', mode: 'keyword', min_score: 12 })).status).toBe(200);
});

test('a replaced document is found by its new words alone', async () => {
  const id = await store('Old quinces.', { collection: `${collection}r` });
  const fields = { collection: `${collection}r`, on_duplicate: 'replace' };
  await store('New medlars.', fields);
  collection += 'r';
  const texts = async (query: string) =>
    (await search({ query, mode: 'keyword' })).results.map(({ text, document_id }) => [text, document_id]);
  expect(await texts('quinces')).toEqual([]);
  expect(await texts('medlars')).toEqual([['New medlars.', id]]);
});

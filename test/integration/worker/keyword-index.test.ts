import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { SearchResponse } from '../../../src/contract/search.ts';
import { KeywordIndex } from '../../../src/keywords-client/keyword-index.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';
import { GENEROUS, useIngestion } from '../../helpers/servers/ingestion.ts';
import type { TestRoles } from '../../helpers/servers/roles.ts';

const keys = createKeys();
const { signal } = new AbortController();
const { redis, backends, api, startWorker } = useIngestion();
let worker: TestRoles;

beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => worker?.close());

async function search(query: string): Promise<SearchResponse> {
  const body = JSON.stringify({ collection: 'papers', query, mode: 'keyword' });
  const response = await fetch(`${api.url}/api/search`, { method: 'POST', body });
  return (await response.json()) as SearchResponse;
}
const found = async (query: string) => (await search(query)).results?.map(({ text }) => text);
const store = async (text: string, fields: Record<string, string> = {}) =>
  expectAccepted(await upload(api.url, text, { collection: 'papers', ...fields }));
const job = async (id: string) =>
  (await (await fetch(`${api.url}/api/jobs/${id}`)).json()) as { status: string; message: string };
const completed = (id: string) => expect.poll(async () => (await job(id)).status, GENEROUS).toBe('completed');

test('while the keyword index is away jobs wait, and complete once it is back', async () => {
  await backends.keywords.down();
  const id = await store('Quinces are sour.');
  const embedded = async () => redis.client.hget(keys.job(id), 'stage');
  await expect.poll(embedded, GENEROUS).toMatch(/embed|store/);
  const ready = async () => (await (await fetch(`${worker.url}/readyz`)).json()) as object;
  await expect.poll(ready, GENEROUS).toMatchObject({ status: 'degraded', checks: { keywords: 'away' } });
  expect((await job(id)).status).toBe('processing');
  await backends.keywords.up();
  await completed(id);
  expect(await found('quince')).toEqual(['Quinces are sour.']);
});

test('a deleted document leaves the index', async () => {
  const id = await store('Medlars are brown.');
  await completed(id);
  expect(await found('medlar')).toEqual(['Medlars are brown.']);
  await fetch(`${api.url}/api/documents/${id}`, { method: 'DELETE' });
  const index = new KeywordIndex(backends.env['KEYWORDS_URL']!, {
    secret: undefined,
    installation: () => '',
  });
  const held = async () => {
    for await (const page of index.generations(signal))
      if (page.some(({ documentId }) => documentId === id)) return true;
    return false;
  };
  await expect.poll(held, GENEROUS).toBe(false);
  await index.close();
  expect(await found('medlar')).toEqual([]);
});

test('a lost index is filled again from Chroma, without the embedder, and searches say so', async () => {
  await completed(await store('Sloes are blue.'));
  await backends.keywords.down();
  for (const name of await readdir(backends.keywords.folder))
    await rm(join(backends.keywords.folder, name), { recursive: true });
  const calls = backends.embedder.texts();
  await backends.keywords.up();
  expect((await search('sloe')).rebuilding).toBe(true);
  await worker.close();
  worker = await startWorker();
  await expect.poll(async () => (await search('sloe')).rebuilding, GENEROUS).toBeUndefined();
  expect(await found('sloe')).toEqual(['Sloes are blue.']);
  expect(backends.embedder.texts()).toBe(calls);
});

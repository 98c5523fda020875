import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { expect, test } from 'vitest';

import type { Collection } from '../../../src/contract/documents.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
/** A sweep of originals runs every 30 s. */
const SWEPT = { timeout: 100_000, interval: 500 };

const remove = (id: string) => fetch(`${sluice.url}/api/documents/${id}`, { method: 'DELETE' });

/** Chunks of a collection; 0 for one that no worker has made yet. */
async function chunksIn(collection: string): Promise<number> {
  const { hostname, port } = new URL(sluice.chromaUrl);
  const client = new ChromaClient({ host: hostname, port: Number(port) });
  const found = (await client.listCollections()).find(({ name }) => name === collection);
  return (await found?.count()) ?? 0;
}

const originals = () => readdir(join(sluice.dataDir, 'blobs', 'default'));

/** A text of several batches, each of which takes a while to embed. */
const book = (name: string) =>
  new File([Array.from({ length: 1500 }, (_, i) => `Chapter ${i} of the garden book.`).join('\n\n')], name);

test('a deleted document is gone from lists and searches at once, and from every store soon', async () => {
  const file = new File(['The lighthouse keeper writes a letter each evening.'], 'letters.txt');
  const { job_id: id } = await sluice.upload(file, { collection: 'gone' });
  await sluice.ended(id);
  expect((await remove(id)).status).toBe(204);
  expect((await fetch(`${sluice.url}/api/documents/${id}`)).status).toBe(404);
  const search = await fetch(`${sluice.url}/api/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ collection: 'gone', query: 'lighthouse' }),
  });
  expect(await search.json()).toMatchObject({ code: 'collection_not_found' });
  const { collections } = (await (await fetch(`${sluice.url}/api/collections`)).json()) as {
    collections: Collection[];
  };
  expect(collections.filter(({ name }) => name === 'gone')).toEqual([]);
  expect((await remove(id)).status).toBe(404);
  // The same file is a new document now.
  const again = await sluice.ended((await sluice.upload(file, { collection: 'gone' })).job_id);
  expect(again.result?.duplicate).toBeUndefined();
  expect((await remove(again.id)).status).toBe(204);
  await expect.poll(() => chunksIn('gone'), SWEPT).toBe(0);
  await expect.poll(originals, SWEPT).toEqual([]);
});

test('a document is deleted while it is indexed, and its twin takes its place', async () => {
  const fields = { collection: 'halfway', chunk_size: '64', chunk_overlap: '0' };
  embedder.delayMs = 1000;
  const first = await sluice.upload(book('book.txt'), fields);
  const twin = await sluice.upload(book('book.txt'), fields);
  await expect.poll(async () => (await sluice.job(first.job_id)).stage, SWEPT).toBe('embed');
  expect((await sluice.job(twin.job_id)).status).toBe('queued');
  expect((await remove(first.job_id)).status).toBe(204);
  expect(await sluice.job(first.job_id)).toMatchObject({ status: 'failed', error_code: 'cancelled' });
  await expect.poll(async () => (await sluice.job(twin.job_id)).stage, SWEPT).toBe('embed');
  expect((await remove(twin.job_id)).status).toBe(204);
  await expect.poll(() => chunksIn('halfway'), SWEPT).toBe(0);
  await expect.poll(originals, SWEPT).toEqual([]);
});

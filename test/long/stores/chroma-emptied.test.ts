import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Document, DocumentList } from '../../../src/contract/documents.ts';
import type { SearchResponse } from '../../../src/contract/search.ts';
import type { Job } from '../../../src/contract/job.ts';
import { startSluice, type TestSluice } from '../../helpers/servers/sluice.ts';
import { useEmbeddings } from '../../helpers/servers/use.ts';

const GENEROUS = { timeout: 90_000, interval: 200 };
const DOCUMENTS = 5;
let sluice: TestSluice;

const embedder = useEmbeddings();

beforeAll(async () => {
  sluice = await startSluice({ env: { EMBEDDINGS_URL: embedder.url } });
});
afterAll(async () => {
  await sluice?.close();
});

const get = async <T>(path: string) => (await (await fetch(sluice.url + path)).json()) as T;
const documents = async () => (await get<DocumentList>('/api/documents')).documents;
const textOf = (i: number) => `Document ${i} tells of plums. `.repeat(40) + `Marker${i} is only here.`;

async function search(query: string): Promise<string[]> {
  const body = JSON.stringify({ query, collection: 'papers' });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${sluice.url}/api/search`, { method: 'POST', headers, body });
  return response.ok
    ? ((await response.json()) as SearchResponse).results.map((found) => found.document_id)
    : [];
}
async function storedChunks(): Promise<number> {
  const { hostname, port } = new URL(sluice.chromaUrl);
  const client = new ChromaClient({ host: hostname, port: Number(port) });
  return (await client.getCollection({ name: 'papers' })).count();
}
const chunksOf = (list: readonly Document[]) => list.reduce((sum, { chunk_count }) => sum + chunk_count, 0);

test("after the loss of Chroma's folder a worker indexes all documents again, and search finds them", async () => {
  const ids: string[] = [];
  for (let i = 0; i < DOCUMENTS; i++)
    ids.push((await sluice.upload(new File([textOf(i)], `${i}.txt`), { collection: 'papers' })).job_id);
  for (const id of ids) expect(await sluice.ended(id)).toMatchObject({ status: 'completed' });
  const before = await documents();

  await sluice.stop();
  await rm(join(sluice.dataDir, 'chroma'), { recursive: true });
  sluice = await startSluice({ dataDir: sluice.dataDir, env: { EMBEDDINGS_URL: embedder.url } });

  // A reindex is an ordinary job: the list shows it, and it ends.
  const reindexes = async () => {
    const { jobs } = await get<{ jobs: Job[] }>('/api/jobs');
    return jobs.filter(({ id }) => !ids.includes(id));
  };
  await expect
    .poll(async () => (await reindexes()).filter(({ status }) => status === 'completed').length, GENEROUS)
    .toBe(DOCUMENTS);
  const restored = (await reindexes()).map(({ result }) => result?.document_id ?? '');
  expect(restored.sort()).toEqual([...ids].sort());
  for (const [i, id] of ids.entries()) expect(await search(textOf(i))).toContain(id);
  // Only the time of the last indexing differs.
  const anyTime = expect.any(String) as string;
  expect(await documents()).toEqual(before.map((document) => ({ ...document, updated_at: anyTime })));
  expect(await storedChunks()).toBe(chunksOf(before));
  expect(sluice.output()).toMatch(/documents miss chunks/);
});

test("after the loss of Chroma's folder under a running Chroma an upload completes, and the others come back", async () => {
  const before = await documents();
  await rm(join(sluice.dataDir, 'chroma'), { recursive: true });
  const text = textOf(DOCUMENTS);
  const { job_id } = await sluice.upload(new File([text], 'last.txt'), { collection: 'papers' });
  expect(await sluice.ended(job_id, 120_000)).toMatchObject({ status: 'completed' });
  const all = [...before.map(({ id }) => id), job_id];
  const found = async () => {
    const results = await Promise.all(all.map((_, i) => search(textOf(i))));
    return all.filter((id) => results.some((ids) => ids.includes(id))).length;
  };
  await expect.poll(found, GENEROUS).toBe(all.length);
});

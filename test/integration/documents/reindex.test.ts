import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Document } from '../../../src/contract/documents.ts';
import type { SearchResponse } from '../../../src/contract/search.ts';
import type { Job } from '../../../src/contract/job.ts';
import type { UploadAccepted } from '../../../src/contract/upload.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { READER_VERSION } from '../../../src/processor/reader-version.ts';
import { GENEROUS, useIngestion } from '../../helpers/servers/ingestion.ts';
import type { TestRoles } from '../../helpers/servers/roles.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';

const keys = createKeys();
let client: ChromaClient;
let collection = '';
let tests = 0;

const { redis, backends, api, startWorker } = useIngestion();
let worker: TestRoles;

beforeAll(async () => {
  const { hostname, port } = new URL(backends.env['CHROMA_URL']!);
  client = new ChromaClient({ host: hostname, port: Number(port) });
  worker = await startWorker();
});
afterAll(() => worker?.close());
beforeEach(() => void (collection = `papers${++tests}`));

const get = async <T>(path: string) => (await (await fetch(api.url + path)).json()) as T;
const documentOf = (id: string) => get<Document>(`/api/documents/${id}`);
const reindex = (id: string) => fetch(`${api.url}/api/documents/${id}/reindex`, { method: 'POST' });

async function ended(id: string): Promise<Job> {
  const terminal = ['completed', 'failed', 'cancelled'];
  const job = () => get<Job>(`/api/jobs/${id}`);
  await expect.poll(async () => terminal.includes((await job()).status), GENEROUS).toBe(true);
  return job();
}
/** Uploads a text of several chunks. @returns the document's id */
async function ingest(text = 'Pears are green. Plums are blue. Figs are brown. Limes are sour.') {
  const fields = { collection, chunk_size: '32', chunk_overlap: '0', chunking_strategy: 'fixed' };
  const own = { on_duplicate: 'keep', metadata: '{"author":"x"}' };
  const id = await expectAccepted(await upload(api.url, text, { ...fields, ...own }));
  expect(await ended(id)).toMatchObject({ status: 'completed' });
  return id;
}
async function found(query: string): Promise<string[]> {
  const body = JSON.stringify({ collection, query });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${api.url}/api/search`, { method: 'POST', headers, body });
  if (!response.ok) return [];
  return ((await response.json()) as SearchResponse).results.map(({ document_id }) => document_id);
}
const generationOf = (id: string) => redis.client.hget(keys.document(id), 'generation');

test('a document keeps its chunking settings and reader version', async () => {
  const id = await ingest();
  expect(await documentOf(id)).toMatchObject({
    chunking_strategy: 'fixed',
    chunk_size: 32,
    chunk_overlap: 0,
    reader_version: READER_VERSION,
  });
});

test('a request indexes a document again as an ordinary job, and the old chunks are served until then', async () => {
  const id = await ingest();
  const before = await documentOf(id);
  const generation = await generationOf(id);
  await worker.close();
  const response = await reindex(id);
  expect(response.status).toBe(202);
  const accepted = (await response.json()) as UploadAccepted;
  expect(accepted).toEqual({
    job_id: expect.any(String) as string,
    status: 'queued',
    message: 'Document queued to be indexed again',
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
  });
  expect(Object.keys(accepted)).toEqual(['job_id', 'status', 'message', 'created_at']);
  expect(response.headers.get('location')).toBe(`/api/jobs/${accepted.job_id}`);
  expect(await get<Job>(`/api/jobs/${accepted.job_id}`)).toMatchObject({
    type: 'document_upload',
    status: 'queued',
    filename: before.filename,
    collection,
  });
  const { jobs } = await get<{ jobs: Job[] }>(`/api/jobs?collection=${collection}`);
  expect(jobs.map((job) => job.id).sort()).toEqual([accepted.job_id, id].sort());
  // A second request while it runs gets the same job.
  expect(((await (await reindex(id)).json()) as UploadAccepted).job_id).toBe(accepted.job_id);
  expect(await found('Plums are blue.')).toContain(id);

  worker = await startWorker();
  expect(await ended(accepted.job_id)).toMatchObject({
    status: 'completed',
    result: { document_id: id, chunk_count: before.chunk_count, collection },
  });
  expect(await generationOf(id)).not.toBe(generation);
  const { updated_at: _before, ...same } = before;
  const { updated_at: _after, ...now } = await documentOf(id);
  expect(now).toEqual(same);
  expect(await found('Plums are blue.')).toContain(id);
  const stored = await client.getCollection({ name: collection });
  await expect.poll(() => stored.count(), GENEROUS).toBe(before.chunk_count);
});

test('a document that is not there is not found, and one whose original is gone cannot be indexed again', async () => {
  const missing = await reindex('nobody');
  expect([missing.status, await missing.json()]).toMatchObject([404, { code: 'document_not_found' }]);
  const id = await ingest();
  await rm(join(api.dataDir, 'blobs', 'default', id));
  const gone = await reindex(id);
  expect([gone.status, await gone.json()]).toMatchObject([410, { code: 'file_gone' }]);
  expect((await documentOf(id)).chunk_count).toBeGreaterThan(1);
});

test('while the store of originals is away no request learns that a file is gone', async () => {
  const id = await ingest();
  const failed = await expectAccepted(await upload(api.url, ' ', { collection }));
  expect(await ended(failed)).toMatchObject({ status: 'failed', error_code: 'no_text' });
  const blobs = join(api.dataDir, 'blobs');
  await rename(blobs, `${blobs}-away`);
  const retry = () => fetch(`${api.url}/api/jobs/${failed}/retry`, { method: 'POST' });
  for (const refused of await Promise.all([reindex(id), retry()]))
    expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'storage_unavailable' }]);
  await rename(`${blobs}-away`, blobs);
  await expect.poll(async () => (await reindex(id)).status, GENEROUS).toBe(202);
  expect((await retry()).status).toBe(200);
});

test('a worker restores a collection that Chroma lost by itself, and search finds all of it', async () => {
  const [a, b] = [await ingest(), await ingest('Cherries are red. Grapes grow on vines. Apples fall.')];
  const metrics = () => fetch(`${api.url}/metrics`).then((response) => response.text());
  expect(await metrics()).toMatch(/^sluice_documents_incomplete 0$/m);
  await client.deleteCollection({ name: collection });
  await expect.poll(async () => (await documentOf(a)).reindex_job, GENEROUS).toBeUndefined();
  await expect.poll(() => found('Plums are blue.'), GENEROUS).toContain(a);
  await expect.poll(() => found('Apples fall.'), GENEROUS).toContain(b);
  for (const id of [a, b]) {
    await expect.poll(async () => (await documentOf(id)).missing_chunks, GENEROUS).toBeUndefined();
    expect((await documentOf(id)).metadata).toEqual({ author: 'x' });
  }
  expect(worker.logger.lines.join('\n')).toContain('documents miss chunks');
  expect(await get('/api/stats')).toMatchObject({ documents_incomplete: 0 });
});

test('a document that misses chunks and cannot be read says so in the list, in the metrics, and waits', async () => {
  const id = await ingest();
  await rm(join(api.dataDir, 'blobs', 'default', id));
  const stored = await client.getCollection({ name: collection });
  await stored.delete({ where: { document_id: id } });
  const { chunk_count } = await documentOf(id);
  await expect
    .poll(() => documentOf(id), GENEROUS)
    .toMatchObject({ missing_chunks: chunk_count, file_gone: true });
  expect(await get('/api/stats')).toMatchObject({ documents_incomplete: 1 });
  const text = await (await fetch(`${api.url}/metrics`)).text();
  expect(text).toMatch(/^sluice_documents_incomplete 1$/m);
  expect((await fetch(`${worker.url}/readyz`)).status).toBe(200);
});

test('uploads and documents that are replaced all the while are never taken for a loss', async () => {
  const lines = worker.logger.lines.length;
  const ids = await Promise.all(Array.from({ length: 4 }, () => ingest()));
  for (let round = 0; round < 3; round++) {
    const responses = await Promise.all(ids.map(reindex));
    const more = ingest();
    const jobs = await Promise.all(
      responses.map(async (response) => ended(((await response.json()) as UploadAccepted).job_id)),
    );
    expect(jobs.map(({ status }) => status)).toEqual(ids.map(() => 'completed'));
    await more;
  }
  expect(worker.logger.lines.slice(lines).filter((line) => line.includes('miss chunks'))).toEqual([]);
});

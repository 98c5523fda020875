import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Document, DocumentList } from '../../../../src/contract/documents.ts';
import type { SearchResponse } from '../../../../src/contract/search.ts';
import type { Job } from '../../../../src/contract/job.ts';
import { createKeys } from '../../../../src/redis/keys.ts';
import { BlobStore } from '../../../../src/blobs/blob-store.ts';
import { expectAccepted, upload } from '../../../helpers/clients/uploads.ts';
import { GENEROUS, useIngestion } from '../../../helpers/servers/ingestion.ts';
import type { TestRoles } from '../../../helpers/servers/roles.ts';

const TEXT = 'Pears are green. Plums are blue. Figs are brown. Limes are sour.';
const keys = createKeys();
let collection = '';
let tests = 0;

const { redis, api, startWorker } = useIngestion();
let worker: TestRoles;

beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => worker?.close());
beforeEach(() => void (collection = `papers${++tests}`));

const get = async <T>(path: string) => (await (await fetch(api.url + path)).json()) as T;
const documentOf = (id: string) => get<Document>(`/api/documents/${id}`);
const edit = (id: string, body: unknown, type = 'application/json') =>
  fetch(`${api.url}/api/documents/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': type },
    body: JSON.stringify(body),
  });
async function edited(id: string, metadata: Record<string, unknown>): Promise<Document> {
  const response = await edit(id, { metadata });
  expect(response.status).toBe(200);
  return (await response.json()) as Document;
}
async function ended(id: string): Promise<Job> {
  const job = () => get<Job>(`/api/jobs/${id}`);
  await expect.poll(async () => ['completed', 'failed'].includes((await job()).status), GENEROUS).toBe(true);
  return job();
}
const send = (metadata: object, on_duplicate = 'skip') => {
  const fields = { collection, chunk_size: '32', chunk_overlap: '0', chunking_strategy: 'fixed' };
  return upload(api.url, TEXT, { ...fields, on_duplicate, metadata: JSON.stringify(metadata) });
};
/** Uploads a text of several chunks. @returns the document's id */
async function ingest(metadata: object): Promise<string> {
  const job = await ended(await expectAccepted(await send(metadata)));
  expect(job).toMatchObject({ status: 'completed' });
  return job.result!.document_id;
}
/** Counts the chunks that a filter of a search matches. */
async function matches(where: object): Promise<number> {
  const body = JSON.stringify({ collection, query: 'fruit', where, limit: 100 });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${api.url}/api/search`, { method: 'POST', headers, body });
  return ((await response.json()) as SearchResponse).results.length;
}
async function listed(metadata: object): Promise<string[]> {
  const filter = encodeURIComponent(JSON.stringify(metadata));
  const { documents } = await get<DocumentList>(`/api/documents?collection=${collection}&metadata=${filter}`);
  return documents.map(({ id }) => id);
}

test('an edit shows in the document, its lists and its searches, and a removed key matches no more', async () => {
  const id = await ingest({ year: 2023, author: 'x', kept: true });
  const before = await documentOf(id);
  const generation = await redis.client.hget(keys.document(id), 'generation');
  const after = await edited(id, { year: 2024, author: null, topic: 'fruit', absent: null });
  expect(after).toEqual({
    ...before,
    metadata: { year: 2024, kept: true, topic: 'fruit' },
    updated_at: expect.any(String) as string,
  });
  expect(await documentOf(id)).toEqual(after);
  expect(await listed({ year: 2024, topic: 'fruit' })).toEqual([id]);
  expect(await listed({ year: 2023 })).toEqual([]);
  const { chunk_count: all } = after;
  expect(all).toBeGreaterThan(1);
  expect(await matches({ $and: [{ year: 2024 }, { topic: 'fruit' }, { kept: true }] })).toBe(all);
  expect(await matches({ year: 2023 })).toBe(0);
  expect(await matches({ author: 'x' })).toBe(0);
  // No job and no new generation: nothing was embedded again.
  expect(await redis.client.hget(keys.document(id), 'generation')).toBe(generation);
  expect((await get<{ jobs: Job[] }>(`/api/jobs?collection=${collection}`)).jobs).toHaveLength(1);
  // The type of a value counts.
  await edited(id, { year: '2024' });
  expect([await matches({ year: 2024 }), await matches({ year: '2024' })]).toEqual([0, all]);
});

test('an edit that changes nothing writes nothing', async () => {
  const id = await ingest({ year: 2023 });
  const before = await redis.client.hgetall(keys.document(id));
  const response = await edit(id, { metadata: { year: 2023, absent: null } }, 'application/merge-patch+json');
  expect(response.status).toBe(200);
  expect(await redis.client.hgetall(keys.document(id))).toEqual(before);
  expect(await redis.client.zscore(keys.edited, id)).toBeNull();
});

const keysOf = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`key${i}`, value]));

test.each([
  ['a key that Chroma reserves', { metadata: { $year: 1 } }, 'invalid_metadata'],
  ['a key that Chroma loses', { metadata: { 'chroma:document': 'x' } }, 'invalid_metadata'],
  ['a nested value', { metadata: { nested: { year: 1 } } }, 'invalid_metadata'],
  ['a long text', { metadata: { text: 'x'.repeat(4097) } }, 'invalid_metadata'],
  ['a key too many', { metadata: keysOf(64, 1) }, 'invalid_metadata'],
  ['more bytes than a form field', { metadata: keysOf(17, 'x'.repeat(4096)) }, 'invalid_metadata'],
  ['no object', { metadata: [] }, 'invalid_request'],
  ['no metadata', {}, 'invalid_request'],
  ['another field', { metadatas: {} }, 'invalid_request'],
])('an edit with %s is refused, and changes nothing', async (_, body, code) => {
  const id = await ingest({ year: 2023 });
  const response = await edit(id, body);
  const problem = (await response.json()) as { detail: string };
  expect([response.status, problem]).toMatchObject([400, { code }]);
  if ('metadatas' in body) expect(problem.detail).toContain('Use metadata');
  expect((await documentOf(id)).metadata).toEqual({ year: 2023 });
});

test('an edit of a missing document gets 404', async () => {
  const missing = await edit('nobody', { metadata: {} });
  expect([missing.status, await missing.json()]).toMatchObject([404, { code: 'document_not_found' }]);
});

test('an upload with the edited metadata is a duplicate, and one with the former metadata is not', async () => {
  const id = await ingest({ year: 2023 });
  await edited(id, { year: 2024 });
  const twin = await ended(await expectAccepted(await send({ year: 2024 })));
  expect(twin.result).toMatchObject({ document_id: id, duplicate: true });
  const other = await ended(await expectAccepted(await send({ year: 2023 })));
  expect(other.result).not.toHaveProperty('duplicate');
  expect(other.result!.document_id).not.toBe(id);
});

test('concurrent edits all survive', async () => {
  const id = await ingest({});
  const names = Array.from({ length: 8 }, (_, i) => `key${i}`);
  await Promise.all(names.map((name) => edited(id, { [name]: true })));
  const wanted = Object.fromEntries(names.map((name) => [name, true]));
  expect((await documentOf(id)).metadata).toEqual(wanted);
  await expect.poll(async () => (await documentOf(id)).metadata_pending, GENEROUS).toBeUndefined();
  expect(await matches({ $and: names.map((name) => ({ [name]: true })) })).toBeGreaterThan(1);
});

test('an edit during a reindex survives it, and the new chunks get it', async () => {
  const id = await ingest({ year: 2023 });
  await worker.close();
  const response = await fetch(`${api.url}/api/documents/${id}/reindex`, { method: 'POST' });
  const { job_id } = (await response.json()) as { job_id: string };
  await edited(id, { year: 2024 });
  // The second look at the former chunks would find the new ones, too.
  await redis.client.zrem(keys.edited, id);
  worker = await startWorker();
  expect(await ended(job_id)).toMatchObject({ status: 'completed' });
  expect((await documentOf(id)).metadata).toEqual({ year: 2024 });
  await expect.poll(async () => (await documentOf(id)).metadata_pending, GENEROUS).toBeUndefined();
  expect(await matches({ year: 2024 })).toBeGreaterThan(1);
  expect(await matches({ year: 2023 })).toBe(0);
  const twin = await ended(await expectAccepted(await send({ year: 2024 })));
  expect(twin.result).toMatchObject({ document_id: id, duplicate: true });
});

test('a replacing upload brings its own metadata', async () => {
  const id = await ingest({ year: 2023 });
  await edited(id, { year: 2024 });
  const job = await ended(await expectAccepted(await send({ year: 2025 }, 'replace')));
  expect(job.result).toMatchObject({ document_id: id });
  const document = await documentOf(id);
  expect([document.metadata, document.metadata_pending]).toEqual([{ year: 2025 }, undefined]);
  expect(await redis.client.hget(keys.document(id), 'edited_ms')).toBeNull();
});

test('a worker applies an edit whose api was lost after the write to Redis', async () => {
  const id = await ingest({ year: 2023 });
  const fields = { metadata: '{"year":2024}', edited_ms: String(Date.now()), edit_pending: '1' };
  await redis.client.hset(keys.document(id), fields);
  await redis.client.zadd(keys.edited, 1, id);
  await expect.poll(async () => (await documentOf(id)).metadata_pending, GENEROUS).toBeUndefined();
  expect(await matches({ year: 2024 })).toBeGreaterThan(1);
  const blobs = new BlobStore(join(api.dataDir, 'blobs'));
  const key = (await redis.client.hget(keys.document(id), 'file_key')) as string;
  expect((await blobs.manifest(key))?.payload.metadata).toEqual({ year: 2024 });
  await blobs.close();
});

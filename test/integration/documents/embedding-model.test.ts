import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { ChromaClient } from 'chromadb';
import { beforeEach, describe, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import type { UploadAccepted } from '../../../src/contract/upload.ts';
import { CollectionCounts } from '../../../src/documents/collections/collection-counts.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { expectAccepted, storedFiles, upload } from '../../helpers/clients/uploads.ts';
import { useModelRoles } from '../../helpers/servers/model-roles.ts';
import type { TestRoles } from '../../helpers/servers/roles.ts';

const GENEROUS = { timeout: 50_000, interval: 50 };
const HOUR_MS = 3600_000;
const keys = createKeys();
const FIRST = { model: 'first', dimensions: 64 };
const SECOND = { model: 'second', dimensions: 64 };
const LONGER = { model: 'first', dimensions: 65 };

const roles = useModelRoles();
const { redis, processor, chroma } = roles;
let api: TestRoles;
let collection = '';
let tests = 0;
beforeEach(() => void (collection = `papers${++tests}`));

const get = async <T>(path: string) => (await (await fetch(api.url + path)).json()) as T;
const put = (text = 'Pears are green.') => upload(api.url, text, { collection });
async function ended(id: string): Promise<Job> {
  const job = () => get<Job>(`/api/jobs/${id}`);
  await expect.poll(async () => ['completed', 'failed'].includes((await job()).status), GENEROUS).toBe(true);
  return job();
}
async function ingest(text?: string): Promise<string> {
  const id = await expectAccepted(await put(text));
  expect(await ended(id)).toMatchObject({ status: 'completed' });
  return id;
}
async function search() {
  const body = JSON.stringify({ collection, query: 'pears' });
  const headers = { 'content-type': 'application/json' };
  return fetch(`${api.url}/api/search`, { method: 'POST', headers, body });
}
const problem = async (response: Response) => {
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  return { status: response.status, code, detail };
};
function inChroma() {
  const { hostname, port } = new URL(chroma.url);
  return new ChromaClient({ host: hostname, port: Number(port) }).getCollection({ name: collection });
}
const stored = async () => (await inChroma()).count();
const FAILED = { status: 'failed', error_code: 'embedding_mismatch', attempt: 1 };
const files = async () => (await storedFiles(roles.folder)).length;

describe('a collection with documents of one model', () => {
  let document = '';
  beforeEach(async () => {
    api = await roles.restartWith(FIRST);
    document = await ingest();
  });

  test('refuses uploads and searches by another model of the same length, and takes its own again', async () => {
    api = await roles.restartWith(SECOND);
    const before = await files();
    const detail =
      `The collection "${collection}" holds vectors of the model "first" (64 numbers each). ` +
      'The processor embeds with the model "second" (64 numbers each). ' +
      `Embed the collection again (POST /api/collections/${collection}/reembed), set the former model back, or use another one.`;
    const refused = { status: 409, code: 'embedding_mismatch', detail };
    // Its form names the collection after the file.
    expect(await problem(await put('Plums are blue.'))).toEqual(refused);
    expect(await problem(await search())).toEqual(refused);
    expect(await files()).toBe(before);
    expect((await get<{ jobs: Job[] }>(`/api/jobs?collection=${collection}`)).jobs).toHaveLength(1);
    // The model that the api last saw does not refuse the former one.
    roles.present(FIRST);
    await ingest('Plums are blue.');
    expect((await search()).status).toBe(200);
  });

  test('refuses vectors of another length, and says which lengths', async () => {
    api = await roles.restartWith(LONGER);
    const detail =
      `The collection "${collection}" holds vectors of the model "first" (64 numbers each). ` +
      'The processor embeds with the model "first" (65 numbers each). ' +
      `Embed the collection again (POST /api/collections/${collection}/reembed), set the former model back, or use another one.`;
    const refused = { status: 409, code: 'embedding_mismatch', detail };
    expect(await problem(await put())).toEqual(refused);
    expect(await problem(await search())).toEqual(refused);
  });

  test('refuses an upload before its file has arrived, if the form names the collection first', async () => {
    api = await roles.restartWith(SECOND);
    const type = 'multipart/form-data; boundary=b';
    const open = request(`${api.url}/api/documents/upload`, {
      method: 'POST',
      headers: { 'content-type': type },
    });
    open.on('error', () => {});
    open.write(`--b\r\ncontent-disposition: form-data; name="collection"\r\n\r\n${collection}\r\n--b\r\n`);
    open.write(
      'content-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nThe first of many bytes',
    );
    const [response] = (await once(open, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(409);
    expect(JSON.parse(await textOf(response))).toMatchObject({ code: 'embedding_mismatch' });
    open.destroy();
  });

  test('refuses no repeated upload whose first request was accepted', async () => {
    const send = () => {
      const body = new FormData();
      body.append('collection', collection);
      body.append('file', new File(['Figs are brown.'], 'figs.txt'));
      const headers = { 'idempotency-key': collection };
      return fetch(`${api.url}/api/documents/upload`, { method: 'POST', headers, body });
    };
    const id = await expectAccepted(await send());
    await ended(id);
    api = await roles.restartWith(SECOND);
    expect(await expectAccepted(await send())).toBe(id);
  });

  test('fails a job of another model at once, parses nothing and keeps its chunks', async () => {
    await roles.stop();
    // An api that knows no model refuses none.
    processor.refuse = (path) => (path.endsWith('/health') ? { status: 500, body: {} } : undefined);
    api = await roles.startRole('api');
    const id = await expectAccepted(await put('Plums are blue.'));
    processor.refuse = undefined;
    roles.present(SECOND);
    const before = processor.calls('/parse').length;
    await roles.startRole('worker');
    const error = expect.stringContaining('The processor embeds with the model "second"') as string;
    expect(await ended(id)).toMatchObject({ ...FAILED, message: 'Parsing failed', error, retry_count: 0 });
    expect(processor.calls('/parse')).toHaveLength(before);
    expect(await stored()).toBe(1);
    expect(await redis.client.zcard(keys.delayed)).toBe(0);
  });

  test('fails a job whose model the first embedding reveals, and stores nothing', async () => {
    const before = chroma.calls('/upsert').length;
    api = await roles.restartWith({ ...SECOND, named: {} });
    const id = await expectAccepted(await put('Plums are blue.'));
    expect(await ended(id)).toMatchObject({ ...FAILED, message: 'Embedding failed' });
    expect(chroma.calls('/upsert')).toHaveLength(before);
    expect(await stored()).toBe(1);
  });

  test('fails a reindex by another model, which keeps the document', async () => {
    api = await roles.restartWith(SECOND);
    const response = await fetch(`${api.url}/api/documents/${document}/reindex`, { method: 'POST' });
    expect(await ended(((await response.json()) as UploadAccepted).job_id)).toMatchObject(FAILED);
    expect(await get(`/api/documents/${document}`)).toMatchObject({ model: 'first', chunk_count: 1 });
    expect(await stored()).toBe(1);
  });

  test('repeats the failed reindex of lost chunks only in an hour', async () => {
    await roles.stop();
    await (await inChroma()).delete({ where: { document_id: document } });
    api = await roles.restartWith(SECOND);
    const reindex = async () =>
      (await get<{ reindex_job?: string }>(`/api/documents/${document}`)).reindex_job;
    await expect.poll(reindex, GENEROUS).toBeDefined();
    expect(await ended((await reindex()) ?? '')).toMatchObject(FAILED);
    // While a job is under way, the next is due in a day.
    const waits = async () => Number(await redis.client.zscore(keys.incomplete, document)) - Date.now();
    await expect.poll(waits, GENEROUS).toBeLessThan(1.1 * HOUR_MS);
    expect(await waits()).toBeGreaterThan(0.9 * HOUR_MS);
    expect(await redis.client.hget(keys.document(document), 'reindex_tries')).toBe('1');
    expect(await stored()).toBe(0);
  });

  test('takes another model of the same length once its documents are deleted, and no other length', async () => {
    const gone = await fetch(`${api.url}/api/collections/${collection}`, { method: 'DELETE' });
    expect(gone.status).toBe(200);
    api = await roles.restartWith(LONGER);
    const before = processor.calls('/parse').length;
    const id = await expectAccepted(await put());
    const error =
      `The collection "${collection}" holds vectors of an unknown model (64 numbers each). ` +
      'The processor embeds with the model "first" (65 numbers each). ' +
      'Set the former model back, or use another collection.';
    expect(await ended(id)).toMatchObject({ ...FAILED, error });
    expect(processor.calls('/parse')).toHaveLength(before);
    api = await roles.restartWith(SECOND);
    await ingest('Plums are blue.');
    expect(await get(`/api/collections/${collection}`)).toMatchObject({ models: [{ name: 'second' }] });
  });

  test('takes both models if an older version mixed them, and no third', async () => {
    const other = await ingest('Plums are blue.');
    // An older version registered no length.
    await redis.client.hset(keys.document(other), { model: 'second', dimension: '' });
    await new CollectionCounts(redis.client, keys).count('default', AbortSignal.timeout(5000));
    for (const model of [FIRST, SECOND]) {
      api = await roles.restartWith(model);
      await ingest(`Figs are ${model.model}.`);
      expect((await search()).status).toBe(200);
    }
    api = await roles.restartWith({ ...SECOND, model: 'third' });
    expect((await put()).status).toBe(409);
    expect((await search()).status).toBe(409);
  });
});

test('a collection that gets documents of another model while a job is at work takes none of that job', async () => {
  api = await roles.restartWith(FIRST);
  chroma.delayMs = (path) => (path.endsWith('/upsert') ? 1500 : 0);
  const id = await expectAccepted(await put());
  await expect.poll(() => chroma.calls('/upsert').length, GENEROUS).toBe(1);
  const counts = keys.counts('default', collection);
  await redis.client.hset(counts, { documents: 1, chunks: 1, size: 1, 'model:64:second': 1 });
  // The next attempt compares the present model before it parses.
  const error = expect.stringContaining('The processor embeds with the model "first"') as string;
  expect(await ended(id)).toMatchObject({ ...FAILED, attempt: 2, message: 'Parsing failed', error });
  expect(await redis.client.exists(keys.document(id))).toBe(0);
  expect(await redis.client.hget(counts, 'documents')).toBe('1');
  await expect.poll(stored, GENEROUS).toBe(0);
});

test('a job whose collection got documents of the present model completes with that model', async () => {
  api = await roles.restartWith(FIRST);
  chroma.delayMs = (path) => (path.endsWith('/upsert') ? 1500 : 0);
  const id = await expectAccepted(await put());
  await expect.poll(() => chroma.calls('/upsert').length, GENEROUS).toBe(1);
  roles.present(SECOND);
  const counts = keys.counts('default', collection);
  await redis.client.hset(counts, { documents: 1, chunks: 1, size: 1, 'model:64:second': 1 });
  expect(await ended(id)).toMatchObject({ status: 'completed' });
  expect(await get(`/api/documents/${id}`)).toMatchObject({ model: 'second' });
});

test("Chroma's own refusal of a length ends a job at its first write", async () => {
  api = await roles.restartWith(FIRST);
  await ingest();
  await fetch(`${api.url}/api/collections/${collection}`, { method: 'DELETE' });
  const isRead = /\/collections\/papers\d+$/;
  const withoutLength = (text: string) => text.replace(/"dimension":\d+/, '"dimension":null');
  chroma.rewrite = (path, text) => (isRead.test(path) ? withoutLength(text) : text);
  api = await roles.restartWith(LONGER);
  const before = chroma.calls('/upsert').length;
  const id = await expectAccepted(await put());
  const error = 'The collection holds embeddings of another model. Use another collection, or that model.';
  expect(await ended(id)).toMatchObject({ ...FAILED, message: 'Storing failed', error });
  expect(chroma.calls('/upsert')).toHaveLength(before + 1);
});

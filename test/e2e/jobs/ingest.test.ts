import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Chunk, Document } from '../../../src/contract/documents.ts';
import type { SearchResponse } from '../../../src/contract/search.ts';
import type { Job } from '../../../src/contract/job.ts';
import { documentPath } from '../../documents/documents.ts';
import { startSluice, type TestSluice } from '../../helpers/servers/sluice.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const PAPER = 'paper-2p.pdf';
let sluice: TestSluice;

beforeAll(async () => {
  sluice = await startSluice();
});
afterAll(() => sluice?.close());

async function get<T>(path: string): Promise<T> {
  const response = await fetch(sluice.url + path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}
async function allChunks(id: string): Promise<Chunk[]> {
  return (await get<{ chunks: Chunk[] }>(`/api/documents/${id}/chunks?limit=1000`)).chunks;
}
async function search(body: object): Promise<SearchResponse['results']> {
  const response = await fetch(`${sluice.url}/api/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return ((await response.json()) as SearchResponse).results;
}
async function countInChroma(collection: string, documentId: string): Promise<number> {
  const { hostname, port } = new URL(sluice.chromaUrl);
  const client = new ChromaClient({ host: hostname, port: Number(port) });
  const found = await client.getCollection({ name: collection });
  return (await found.get({ where: { document_id: documentId }, include: [] })).ids.length;
}

test.each([
  [`${'a'.repeat(254)}😀`, `${'a'.repeat(254)}😀`],
  [`${'😀'.repeat(255)}😀.txt`, '😀'.repeat(255)],
  ['gpj\u200f\u061c\u2028\u202e.txt', 'gpj.txt'],
])('a file named %j completes its job', async (name, shown) => {
  const { job_id } = await sluice.upload(new File(['A pear is green.'], name), { collection: 'names' });
  expect(await sluice.ended(job_id)).toMatchObject({ status: 'completed', filename: shown });
  const [found] = await search({ collection: 'names', query: 'pear', where: { document_id: job_id } });
  expect(found?.filename).toBe(shown);
});

test('a paper goes in, moves through every documented mark, and is found again', async () => {
  const { job_id } = await sluice.upload(PAPER, { collection: 'papers' });
  const watcher = new TestClient(`${sluice.url}/ws?job=${job_id}`);
  expect((await watcher.closed).code).toBe(1000);

  const states = watcher.states(job_id);
  const versions = states.map(({ version }) => version);
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  const progress = states.map(({ progress }) => progress);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  expect(states.map(({ message }) => message)).toEqual(
    expect.arrayContaining(['Generating embeddings...']) as string[],
  );

  const job = await sluice.job(job_id);
  expect(job).toMatchObject({
    status: 'completed',
    progress: 100,
    message: 'Upload completed successfully',
    result: { collection: 'papers', chunk_count: expect.any(Number) as number },
  });
  expect(watcher.frames.at(-1)).toContain(await (await fetch(`${sluice.url}/api/jobs/${job_id}`)).text());

  const { document_id, chunk_count } = job.result!;
  expect(chunk_count).toBe(await countInChroma('papers', document_id));
  const { documents } = await get<{ documents: Document[] }>('/api/documents?collection=papers');
  expect(documents).toMatchObject([
    { id: document_id, filename: PAPER, chunk_count, media_type: 'application/pdf' },
  ]);

  const chunks = await allChunks(document_id);
  expect(chunks.map(({ chunk_index }) => chunk_index)).toEqual(
    Array.from({ length: chunk_count }, (_, i) => i),
  );
  const { text } = await sluice.parse(PAPER);
  for (const chunk of chunks) expect(text.slice(chunk.start, chunk.end)).toBe(chunk.text);
  const pageOf = (words: string) =>
    chunks.find(({ text }) => text.replaceAll(/\s+/g, ' ').includes(words))?.page;
  expect(pageOf('Recent advances in the reading of drawn curves')).toBe(1);
  expect(pageOf('TideReader')).toBe(1);
  expect(chunks.at(-1)?.page).toBe(2);

  const sentence = 'Ideally, a curve that took a month to draw would take no more than minutes to measure.';
  const [first] = await search({ collection: 'papers', query: sentence });
  expect(first?.text.replaceAll(/\s+/g, ' ')).toContain(
    'a curve that took a month to draw would take no more than minutes to measure',
  );
  expect(first).toMatchObject({ document_id, page: 1, filename: PAPER });
});

test('a job written by hand with redis-cli is processed too', async () => {
  const folder = join(sluice.dataDir, 'blobs', 'default');
  await mkdir(folder, { recursive: true });
  await copyFile(await documentPath('readme.md'), join(folder, 'by-hand'));
  const redis = (...args: string[]) => execFileSync('redis-cli', ['-u', sluice.redisUrl, ...args]);
  const payload = {
    filename: 'readme.md',
    collection: 'by-hand',
    chunk_size: 512,
    chunk_overlap: 50,
    file_key: 'default/by-hand',
  };
  redis(
    'HSET',
    'job:by-hand',
    'id',
    'by-hand',
    'type',
    'document_upload',
    'status',
    'queued',
    'progress',
    '0',
    'payload',
    JSON.stringify(payload),
  );
  redis('LPUSH', 'queue:document_upload', 'by-hand');
  expect(await sluice.ended('by-hand')).toMatchObject({
    status: 'completed',
    result: { document_id: 'by-hand', collection: 'by-hand' },
  });
  expect(await countInChroma('by-hand', 'by-hand')).toBe((await sluice.job('by-hand')).result!.chunk_count);
});

test('a scan is read by OCR, and its chunks and hits say so', async () => {
  const { job_id } = await sluice.upload('scan.pdf', { collection: 'scans' });
  const job = await sluice.ended(job_id);
  expect(job).toMatchObject({ status: 'completed', message: 'Upload completed successfully' });
  const chunks = await allChunks(job.result!.document_id);
  expect(chunks.map(({ ocr }) => ocr)).toEqual(chunks.map(() => true));
  for (const mode of ['hybrid', 'keyword']) {
    const query = { collection: 'scans', query: 'who granted the goat', mode, where: { ocr: true } };
    expect((await search(query))[0]).toMatchObject({ ocr: true, page: 1 });
  }
});

test.each([
  [
    'a key that leads out of the store',
    { filename: 'a.txt', file_key: '../../../etc/passwd' },
    'file_missing',
  ],
  ['a payload that makes no sense', { filename: 7 }, 'invalid_payload'],
])('a job written by hand with %s fails at once', async (_name, payload, code) => {
  const id = `bad-${code}`;
  const redis = (...args: string[]) => execFileSync('redis-cli', ['-u', sluice.redisUrl, ...args]);
  redis('HSET', `job:${id}`, 'status', 'queued', 'payload', JSON.stringify(payload));
  redis('LPUSH', 'queue:document_upload', id);
  expect(await sluice.ended(id)).toMatchObject({ status: 'failed', error_code: code });
});

test.each([
  ['password.pdf', 'encrypted'],
  ['password.xlsx', 'encrypted'],
])('%s fails at once with the code %s and words for a person', async (name, code) => {
  const { job_id } = await sluice.upload(name);
  const job = await sluice.ended(job_id);
  expect(job).toMatchObject({
    status: 'failed',
    error_code: code,
    message: 'Parsing failed',
    retry_count: 0,
    max_retries: 3,
  });
  expect(job.error).toMatch(/^[A-Z][^{}]+\.$/);
  // Sluice logs it as the user's concern: every line names the job, and none has a stack.
  const ofJob = () => sluice.logged().filter(({ job }) => job === job_id);
  await expect.poll(ofJob).toContainEqual(expect.objectContaining({ role: 'worker', level: 'info', code }));
  for (const line of ofJob()) expect(line).toMatchObject({ level: 'info' });
  expect(JSON.stringify(ofJob())).not.toMatch(/\.ts:\d|node_modules/);
});

test('a file that is not text whatever its name says fails', async () => {
  const { job_id } = await sluice.upload(
    new File([new Uint8Array(1000).map((_, i) => (i * 7) % 256)], 'noise.txt'),
  );
  expect(await sluice.ended(job_id)).toMatchObject({
    status: 'failed',
    error_code: expect.stringMatching(/unsupported_type|corrupt/) as string,
  });
});

test('blank text is a failed job, not an empty success', async () => {
  const { job_id } = await sluice.upload(new File([' \n\t \n'], 'blank.txt'));
  expect(await sluice.ended(job_id)).toMatchObject({ status: 'failed', error_code: 'no_text' });
});

test('a search where nothing is says so', async () => {
  const response = await fetch(`${sluice.url}/api/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ collection: 'nowhere', query: 'x' }),
  });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: 'collection_not_found' });
});

test('a search takes a filter over metadata, and says when it makes no sense', async () => {
  const query = 'reading the curves of a tide gauge';
  const all = await search({ collection: 'papers', query, limit: 50, where: {} });
  const second = await search({ collection: 'papers', query, limit: 50, where: { page: 2 } });
  expect(second.length).toBeGreaterThan(0);
  expect(second.length).toBeLessThan(all.length);
  expect(new Set(second.map(({ page }) => page))).toEqual(new Set([2]));
  const response = await fetch(`${sluice.url}/api/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ collection: 'papers', query, where: { page: { $like: 1 } } }),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 'invalid_request' });
});

test('a start on the same folder finds everything again, and nothing is left running in between', async () => {
  const [before] = (await get<{ documents: Document[] }>('/api/documents?collection=papers')).documents;
  const { job_id } = await sluice.upload('readme.md', { collection: 'unfinished' });
  expect(await sluice.stop()).toBe(0);
  const running = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  expect(running.filter((args) => args.includes(sluice.dataDir))).toEqual([]);

  const dataDir = sluice.dataDir;
  sluice = await startSluice({ dataDir });
  const job: Job = await sluice.ended(job_id);
  expect(job.status).toBe('completed');
  expect(await get(`/api/documents/${before!.id}`)).toEqual(before);
  expect((await allChunks(before!.id)).length).toBe(before!.chunk_count);
  expect(
    (await search({ collection: 'papers', query: 'reading the curves of a tide gauge' })).length,
  ).toBeGreaterThan(0);
});

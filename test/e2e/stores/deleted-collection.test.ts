import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { expect, test } from 'vitest';

import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

const embedder = useEmbeddings();
/** The original of a cancelled job stays for as long as the job, because a client may retry it. */
const sluice = useSluice(() => ({
  env: { EMBEDDINGS_URL: embedder.url, JOB_TTL_SECONDS: '30', MAX_REQUESTS_PER_SECOND: '100000' },
}));
/** Chunks go within a sweep and its second look, originals within 30 s and the time of their jobs. */
const SWEPT = { timeout: 60_000, interval: 500 };
const FILES_SWEPT = { timeout: 120_000, interval: 500 };

const get = async (path: string) => {
  const response = await fetch(sluice.url + path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

async function search(collection: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${sluice.url}/api/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ collection, query: 'lighthouse' }),
  });
  return { status: response.status, body: await response.json() };
}

async function chunksIn(name: string): Promise<number> {
  const { hostname, port } = new URL(sluice.chromaUrl);
  const client = new ChromaClient({ host: hostname, port: Number(port) });
  return (await client.getCollection({ name })).count();
}

/** A text of several batches, each of which takes a while to embed. */
const book = (i: number) =>
  new File(
    [Array.from({ length: 1500 }, (_, n) => `Chapter ${n} of garden book ${i}.`).join('\n\n')],
    `${i}.txt`,
  );
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

test('a deleted collection is gone from lists and searches at once, and from every store soon', async () => {
  const collection = 'gone';
  const notes = range(30).map(
    (i) => new File([`The lighthouse keeper writes letter ${i}.`], `letter-${i}.txt`),
  );
  const uploaded = await Promise.all(notes.map((file) => sluice.upload(file, { collection })));
  const kept = await sluice.upload(new File(['The lighthouse stays.'], 'kept.txt'), { collection: 'kept' });
  for (const { job_id } of [...uploaded, kept])
    expect(await sluice.ended(job_id)).toMatchObject({ status: 'completed' });
  expect((await get(`/api/collections/${collection}`)).body).toMatchObject({ document_count: 30 });
  embedder.delayMs = 1000;
  const underWay = await Promise.all(
    range(5).map((i) => sluice.upload(book(i), { collection, chunk_size: '64', chunk_overlap: '0' })),
  );
  const stages = async () =>
    (await Promise.all(underWay.map(({ job_id }) => sluice.job(job_id)))).map(({ stage }) => stage);
  await expect.poll(stages, SWEPT).toContain('embed');

  const response = await fetch(`${sluice.url}/api/collections/${collection}`, { method: 'DELETE' });
  expect([response.status, await response.json()]).toEqual([
    200,
    { documents_deleted: 30, jobs_cancelled: 5, more: false },
  ]);
  embedder.delayMs = 0;
  for (const { job_id } of underWay)
    expect(await sluice.job(job_id)).toMatchObject({ status: 'failed', error_code: 'cancelled' });
  const notFound = { status: 404, body: { code: 'collection_not_found' } };
  expect(await get(`/api/collections/${collection}`)).toMatchObject(notFound);
  expect(await search(collection)).toMatchObject(notFound);
  expect((await get(`/api/documents?collection=${collection}`)).body).toEqual({ documents: [] });
  await expect.poll(() => chunksIn(collection), SWEPT).toBe(0);
  // No job that a worker held may add a chunk later.
  await expect.poll(async () => (await get('/api/stats')).body['cleanups'], SWEPT).toBe(0);
  expect(await chunksIn(collection)).toBe(0);
  const keptFiles = [kept.job_id].flatMap((id) => [id, `${id}.json`]).toSorted();
  const files = async () => (await readdir(join(sluice.dataDir, 'blobs', 'default'))).toSorted();
  await expect.poll(async () => (await files()).length, FILES_SWEPT).toBe(keptFiles.length);
  expect(await search('kept')).toMatchObject({ status: 200, body: { results: [{ filename: 'kept.txt' }] } });

  // The name is free for a new upload.
  const again = await sluice.upload(notes[0]!, { collection });
  expect((await sluice.ended(again.job_id)).result?.duplicate).toBeUndefined();
  expect(await search(collection)).toMatchObject({
    status: 200,
    body: { results: [{ document_id: again.job_id }] },
  });
});

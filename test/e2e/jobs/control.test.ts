import { ChromaClient } from 'chromadb';
import { afterEach, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

const embedder = useEmbeddings();
const sluice = useSluice(() => ({
  env: { EMBEDDINGS_URL: embedder.url, LEASE_MS: '3000', DRAIN_MS: '200' },
}));
afterEach(() => {
  embedder.delayMs = 0;
});

async function uploadSlowly(collection: string): Promise<string> {
  embedder.delayMs = 300;
  const { job_id } = await sluice.upload('gazetteer-13p.pdf', { collection });
  await expect.poll(async () => (await sluice.job(job_id)).progress).toBeGreaterThan(60);
  return job_id;
}
const post = (path: string) => fetch(sluice.url + path, { method: 'POST' });
async function storedChunks(collection: string): Promise<number> {
  const { hostname, port } = new URL(sluice.chromaUrl);
  const client = new ChromaClient({ host: hostname, port: Number(port) });
  const found = await client.getCollection({ name: collection }).catch(() => undefined);
  return (await found?.count()) ?? 0;
}

test('a running job that is cancelled stops, leaves nothing in the vector store, and can be rerun', async () => {
  const id = await uploadSlowly('cancelled');
  const response = await post(`/api/jobs/${id}/cancel`);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: 'failed', error_code: 'cancelled' });

  // Whatever call was under way is over after its delay; then nobody asks any more.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const asked = embedder.requests();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(embedder.requests()).toBe(asked);
  expect(await sluice.job(id)).toMatchObject({ status: 'failed', error_code: 'cancelled' });
  await expect.poll(() => storedChunks('cancelled')).toBe(0);

  embedder.delayMs = 0;
  expect((await post(`/api/jobs/${id}/retry`)).status).toBe(200);
  const job = await sluice.ended(id);
  expect(job).toMatchObject({ status: 'completed', run: 2 });
  await expect.poll(() => storedChunks('cancelled')).toBe(job.result!.chunk_count);
});

test('a worker that is told to stop gives its job back, and no try of the job is counted', async () => {
  const id = await uploadSlowly('drained');
  const heard: Job[] = [];
  process.kill(await sluice.rolePid('worker'), 'SIGTERM');
  await expect
    .poll(
      async () => {
        heard.push(await sluice.job(id));
        return heard.some(({ status }) => status === 'queued');
      },
      { interval: 5 },
    )
    .toBe(true);
  embedder.delayMs = 0;
  const job = await sluice.ended(id);
  expect(job).toMatchObject({ status: 'completed', attempt: 1 });
  expect(job.stalls).toBeUndefined();
  await expect.poll(() => storedChunks('drained')).toBe(job.result!.chunk_count);
});

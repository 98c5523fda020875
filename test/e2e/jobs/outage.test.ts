import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Stats } from '../../../src/contract/jobs.ts';
import { startEmbeddingsServer, type EmbeddingsServer } from '../../helpers/servers/embeddings-server.ts';
import { startSluice, type TestSluice } from '../../helpers/servers/sluice.ts';

let embedder: EmbeddingsServer;
let sluice: TestSluice;

beforeAll(async () => {
  embedder = await startEmbeddingsServer();
  sluice = await startSluice({ env: { EMBEDDINGS_URL: embedder.url, WORKER_CONCURRENCY: '2' } });
});
afterAll(async () => {
  await sluice?.close();
  await embedder?.close();
});

test('an embedder that is gone costs no try: jobs wait, no more are claimed, and all go on when it is back', async () => {
  const port = Number(new URL(embedder.url).port);
  await embedder.close();
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) {
    ids.push((await sluice.upload(new File([`Document ${i} says something.`], `${i}.txt`))).job_id);
  }
  const stats = async () => (await (await fetch(`${sluice.url}/api/stats`)).json()) as Stats;
  await expect.poll(async () => (await sluice.job(ids[0]!)).progress).toBe(60);
  // Long enough for the other four to be claimed, which they must not be.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(await stats()).toMatchObject({ in_flight: 2, queue_depth: 4, delayed: 0, failed: 0 });

  embedder = await startEmbeddingsServer({ port });
  for (const id of ids) {
    const job = await sluice.ended(id);
    expect(job).toMatchObject({ status: 'completed', attempt: 1 });
    expect(job.retry_count).toBeUndefined();
  }
});

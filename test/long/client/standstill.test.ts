import { expect, test } from 'vitest';

import { startEmbeddingsServer } from '../../helpers/servers/embeddings-server.ts';
import { use, useSluice } from '../../helpers/servers/use.ts';
import { usePage } from '../../e2e/client/use-page.ts';
import { HeldQueue } from '../../e2e/client/jobs/held-queue.ts';

const user = usePage();
const embedder = use(() => startEmbeddingsServer());
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url, WORKER_CONCURRENCY: '1' } }));

const cause = (what: string) => user.page.locator(`.standstill[data-cause="${what}"]`);
const upload = (name: string) => sluice.upload(new File([`${name} says something.`], name));

test('an embedding service that is away is named, with what to do, until it is back', async () => {
  await user.page.goto(`${sluice.url}/#/operations`);
  await user.mode('live').waitFor();
  const port = Number(new URL(embedder.url).port);
  await embedder.close();
  const ids = [];
  for (const name of ['first.txt', 'second.txt']) ids.push((await upload(name)).job_id);
  const banner = cause('embedder');
  await expect.poll(() => banner.textContent()).toContain('1 more wait');
  const words = await banner.textContent();
  expect(words).toContain('1 job waits for the embedding service, which is away.');
  expect(words).toContain('Start the service that EMBEDDINGS_URL names');
  const row = user.page.locator('.job-row').filter({ hasText: 'first.txt' });
  expect(await row.textContent()).toContain('Waits for the embedding service');

  const back = await startEmbeddingsServer({ port });
  await banner.waitFor({ state: 'detached' });
  for (const id of ids) expect((await sluice.ended(id)).status).toBe('completed');
  await back.close();
  expect(user.complaints).toEqual([]);
});

test('a queue without a worker is named, until one takes its jobs', async () => {
  await user.page.goto(`${sluice.url}/#/operations`);
  await user.mode('live').waitFor();
  const held = await HeldQueue.start(sluice);
  await held.upload('unclaimed.txt');
  await user.page.locator('.job-row').filter({ hasText: 'unclaimed.txt' }).waitFor();
  await expect.poll(() => cause('no_worker').textContent()).toContain('npm start -- worker');
  await held[Symbol.asyncDispose]();
  await cause('no_worker').waitFor({ state: 'detached' });
});

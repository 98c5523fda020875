import { beforeEach, expect, test } from 'vitest';

import { documentBytes } from '../../documents/documents.ts';
import { serverCalls } from '../../e2e/client/library/server-calls.ts';
import { usePage } from '../../e2e/client/use-page.ts';
import { startEmbeddingsServer } from '../../helpers/servers/embeddings-server.ts';
import { use, useSluice } from '../../helpers/servers/use.ts';

// Five tasks of a new user, by what the page says alone. Each ends with a look at the server.
const user = usePage();
const embedder = use(() => startEmbeddingsServer({ dimensions: 512 }));
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
const server = serverCalls(sluice);
beforeEach(async () => {
  embedder.delayMs = 0;
  await user.page.goto(sluice.url);
});

const link = (name: string) => user.page.getByRole('link', { name, exact: true });
const button = (name: string) => user.page.getByRole('button', { name });
const text = (name: string, words = 'says what it says.') => ({
  name,
  mimeType: 'text/plain',
  buffer: Buffer.from(`${name} ${words}`),
});

test('upload many files, and find which one failed and why', async () => {
  const broken = {
    ...text('scan.pdf'),
    mimeType: 'application/pdf',
    buffer: await documentBytes('password.pdf'),
  };
  await user.page
    .getByLabel('Files to upload')
    .setInputFiles([...Array.from({ length: 8 }, (_, i) => text(`page-${i}.txt`)), broken]);
  await user.page.getByText('8 of 9 completed, 1 failed').first().waitFor();
  await link('See what failed').click();
  await user.page.getByText('The file is protected by a password').first().waitFor();
  await user.page.getByText('scan.pdf').first().waitFor();
});

test('stop a batch', async () => {
  embedder.delayMs = 20_000;
  await user.page
    .getByLabel('Files to upload')
    .setInputFiles(Array.from({ length: 20 }, (_, i) => text(`stop-${i}.txt`)));
  const card = user.page.locator('.batch-card').filter({ hasText: '0 of 20 completed' });
  const name = (await card.getByRole('link').first().textContent()) ?? '';
  await card.getByRole('button', { name: 'Cancel the rest' }).click();
  const cancelled = async () =>
    (await server.get<{ counts: { cancelled: number } }>(`/api/batches/${encodeURIComponent(name)}`)).counts;
  await expect.poll(cancelled).toMatchObject({ cancelled: 20 });
});

test('replace a document', async () => {
  await server.ingest(new File(['The former words.'], 'rules.txt'), { collection: 'rules' });
  await link('Library').click();
  await link('rules').first().click();
  await link('rules.txt').click();
  await user.page
    .getByLabel('New version of rules.txt')
    .setInputFiles(text('rules.txt', 'has other words now.'));
  await user.page.getByText('has other words now.').first().waitFor();
  expect(await server.names('rules')).toEqual(['rules.txt']);
});

test('find a sentence and open its page', async () => {
  await server.ingest('paper-2p.pdf', { collection: 'papers' });
  await link('Search').click();
  await user.page.getByLabel('In collection').selectOption('papers');
  await user.page.getByLabel('What are you looking for?').fill('a pulley and a pen');
  await button('Search').click();
  await link('paper-2p.pdf').first().click();
  const marked = () =>
    user.page.evaluate<string>(`[...(CSS.highlights.get('passage') ?? [])].map(String).join(' ')`);
  await expect.poll(marked).toContain('pulley');
});

test('find out why the queue stands still', async () => {
  const port = Number(new URL(embedder.url).port);
  await embedder.close();
  await user.page.getByLabel('Files to upload').setInputFiles(text('stuck.txt'));
  await user.row('stuck.txt').waitFor();
  await link('Operations').click();
  await user.page.getByText('waits for the embedding service, which is away').first().waitFor();
  const back = await startEmbeddingsServer({ dimensions: 512, port });
  await link('Uploads').click();
  await user.row('stuck.txt', 'completed').waitFor();
  await back.close();
});

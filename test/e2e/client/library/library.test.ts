import { describe, expect, test } from 'vitest';

import { useEmbeddings, useSluice } from '../../../helpers/servers/use.ts';
import { GENEROUS_MS } from '../test-page.ts';
import { usePage } from '../use-page.ts';
import { note, serverCalls } from './server-calls.ts';

const user = usePage();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
const server = serverCalls(sluice);

const open = (fragment: string) => user.page.goto(`${sluice.url}/${fragment}`);
const rows = () => user.page.locator('[data-document]');
const row = (name: string) => rows().filter({ has: user.page.getByRole('link', { name, exact: true }) });
const shown = () => rows().locator('.name a').allTextContents();
const count = () => user.page.locator('#documents-title .total').textContent();
const card = (name: string) =>
  user.page.locator('.collection-card').filter({ has: user.page.getByRole('link', { name, exact: true }) });

describe('a collection', () => {
  test('shows the counts of the server, and leads to its search', async () => {
    await server.ingest(note('one.md'), { collection: 'counted' });
    await server.ingest(note('two.md'), { collection: 'counted' });
    await open('#/library');
    await card('counted').waitFor();
    const facts = () => card('counted').locator('.facts').textContent();
    await expect.poll(facts).toMatch(/2 documents.*2 chunks.*64 dimensions/s);
    expect(await card('counted').getByRole('link', { name: 'Search in counted' }).getAttribute('href')).toBe(
      '#/search?collection=counted',
    );
    await card('counted').getByRole('link', { name: 'counted', exact: true }).click();
    // The list of all documents has the rows, too.
    await user.page.getByRole('heading', { name: 'counted', exact: true, level: 1 }).waitFor();
    await expect.poll(shown).toEqual(['two.md', 'one.md']);
    expect(user.complaints).toEqual([]);
  });

  test('is where the user left it after “Back” and after a reload', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `leaf-${i}.md`);
    await Promise.all(names.map((name) => server.ingest(note(name), { collection: 'long' })));
    await user.page.setViewportSize({ width: 1280, height: 400 });
    await open('#/library/long');
    const place = () => user.page.evaluate<number>('scrollY');
    const last = rows().nth(11).locator('.name a');
    await last.scrollIntoViewIfNeeded();
    const before = await place();
    expect(before).toBeGreaterThan(0);
    await last.click();
    await user.page.locator('.document-head, h1').first().waitFor();
    await expect.poll(place).toBe(0);
    await user.page.goBack();
    await expect.poll(place).toBe(before);
    await user.page.reload();
    await expect.poll(place).toBe(before);
    expect(user.complaints).toEqual([]);
  });

  test('without documents leads to an upload into it', async () => {
    await open('#/library/still-empty');
    await user.page.getByRole('link', { name: 'Upload to it' }).click();
    await user.page.getByLabel('Files to upload').setInputFiles({
      name: 'first.md',
      mimeType: 'text/markdown',
      buffer: Buffer.from('The first pear.'),
    });
    await expect.poll(() => server.names('still-empty'), { timeout: GENEROUS_MS }).toEqual(['first.md']);
  });

  test('is deleted once its name is typed', async () => {
    await server.ingest(note('one.md'), { collection: 'doomed' });
    await open('#/library/doomed');
    await user.page.getByRole('button', { name: 'Delete the collection doomed' }).click();
    const dialog = user.page.getByRole('dialog');
    expect(await dialog.textContent()).toContain('1 document with 1 chunk');
    const button = dialog.getByRole('button', { name: 'Delete the collection' });
    const field = dialog.getByLabel('Type “doomed” to confirm');
    await field.fill('doom');
    expect(await button.isDisabled()).toBe(true);
    await field.fill('doomed');
    await button.click();
    await expect.poll(() => server.status('/api/collections/doomed')).toBe(404);
    await expect.poll(() => user.page.evaluate('location.hash')).toBe('#/library');
    await user.page.getByText('“doomed” is deleted: 1 document.').waitFor();
    await user.page.locator('#collections-title').waitFor();
    expect(await card('doomed').count()).toBe(0);
    expect(user.complaints).toEqual([]);
  });

  test('is embedded again, and names the job while it runs', async () => {
    await server.ingest(note('one.md'), { collection: 'again' });
    embedder.delayMs = 60_000;
    try {
      await open('#/library/again');
      await user.page.getByRole('button', { name: /^Embed again\s?: again$/ }).click();
      await user.page.getByRole('dialog').getByRole('button', { name: 'Embed again' }).click();
      const link = user.page.locator('.mark-line').getByRole('link', { name: 'See its job' });
      await link.waitFor();
      const { reembed_job } = await server.collection('again');
      expect(reembed_job).toBeTypeOf('string');
      expect(await link.getAttribute('href')).toBe(`#/job/${reembed_job}`);
      await fetch(`${sluice.url}/api/jobs/${reembed_job}/cancel`, { method: 'POST' });
      // The end of the job takes the sign away, without a reload.
      await link.waitFor({ state: 'detached' });
      expect((await server.collection('again')).reembed_job).toBeUndefined();
    } finally {
      embedder.delayMs = 0;
    }
    expect(user.complaints).toEqual([]);
  });

  test('that does not exist says so', async () => {
    await open('#/library/nowhere');
    await user.page.getByText('This collection holds no documents', { exact: true }).waitFor();
    // The browser itself notes the response 404.
    for (const words of user.complaints) expect(words).toContain('status of 404');
  });
});

describe('the list of documents', () => {
  test('shows a new document as soon as its job is completed', async () => {
    await server.ingest(note('first.md'), { collection: 'growing' });
    await open('#/library/growing');
    await row('first.md').waitFor();
    await user.mode('live').waitFor();
    await server.ingest(note('second.md'), { collection: 'growing' });
    await row('second.md').waitFor();
    await expect.poll(count).toBe('2');
    expect(await shown()).toEqual(['second.md', 'first.md']);
    expect(user.complaints).toEqual([]);
  });

  test('is filtered and sorted, and the address holds that', async () => {
    const fields = { collection: 'filtered' };
    await server.ingest(note('a.md'), { ...fields, metadata: '{"team":"sea","year":2026}' });
    await server.ingest(note('b.md'), { ...fields, metadata: '{"team":"sea","year":"2026"}' });
    await server.ingest(note('c.md'), { ...fields, metadata: '{"team":"land"}' });
    await open('#/library/filtered');
    await row('c.md').waitFor();
    await user.page.getByLabel('Sort').selectOption('Oldest first');
    await expect.poll(shown).toEqual(['a.md', 'b.md', 'c.md']);

    const metadata = user.page.getByLabel('Metadata');
    await metadata.fill('team=sea');
    await metadata.press('Enter');
    await expect.poll(shown).toEqual(['a.md', 'b.md']);
    await metadata.fill('team=sea, year="2026"');
    await metadata.press('Enter');
    await expect.poll(shown).toEqual(['b.md']);
    await user.page.reload();
    await row('b.md').waitFor();
    expect(await shown()).toEqual(['b.md']);

    await user.page.getByRole('button', { name: 'Clear', exact: true }).click();
    await expect.poll(shown).toEqual(['a.md', 'b.md', 'c.md']);
    await user.page.getByLabel('Name contains').fill('C.M');
    await user.page.getByRole('button', { name: 'Filter', exact: true }).click();
    await expect.poll(shown).toEqual(['c.md']);
    expect(await user.page.evaluate('location.hash')).toBe('#/library/filtered?filename=C.M&sort=oldest');
    await user.page.getByLabel('Name contains').fill('nothing.md');
    await user.page.getByRole('button', { name: 'Filter', exact: true }).click();
    await user.page.getByText('No document matches', { exact: true }).waitFor();
    expect(user.complaints).toEqual([]);
  });

  test('shows more on demand, and keeps its length', async () => {
    const names = Array.from({ length: 55 }, (_, i) => `note-${i}.md`);
    const jobs = await Promise.all(
      names.map((name) => sluice.upload(note(name), { collection: 'long-list' })),
    );
    for (const { job_id } of jobs) await sluice.ended(job_id);
    await open('#/library/long-list');
    await expect.poll(() => rows().count()).toBe(50);
    await expect.poll(count).toBe('55');
    await user.page.getByRole('button', { name: 'Show more' }).click();
    await expect.poll(() => rows().count()).toBe(55);
    expect((await shown()).toSorted()).toEqual(names.toSorted());
    await user.page.reload();
    await expect.poll(() => rows().count()).toBe(55);
    // The server would refuse another length, so the page takes its own.
    for (const length of ['60.5', '-1', '1e9', 'many']) {
      await open(`#/library/long-list?shown=${length}`);
      await user.page.reload();
      await expect.poll(() => rows().count()).toBe(50);
    }
    expect(user.complaints).toEqual([]);
  });

  test('names the job that indexes a document again', async () => {
    const id = await server.ingest(note('marked.md'), { collection: 'marked' });
    embedder.delayMs = 60_000;
    try {
      const path = `${sluice.url}/api/documents/${id}/reindex`;
      const { job_id } = (await (await fetch(path, { method: 'POST' })).json()) as { job_id: string };
      await open('#/library/marked');
      const mark = row('marked.md').getByRole('link', { name: 'Indexing again' });
      await mark.waitFor();
      expect(await mark.getAttribute('href')).toBe(`#/job/${job_id}`);
      await fetch(`${sluice.url}/api/jobs/${job_id}/cancel`, { method: 'POST' });
      await sluice.ended(job_id);
    } finally {
      embedder.delayMs = 0;
    }
    expect(user.complaints).toEqual([]);
  });

  test('fits a phone', async () => {
    await server.ingest(note(`${'long-name-'.repeat(12)}.md`), { collection: 'narrow' });
    await user.page.setViewportSize({ width: 320, height: 640 });
    await open('#/library/narrow');
    await rows().first().waitFor();
    expect(await user.page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  });
});

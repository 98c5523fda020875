import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';

import type { Chunk, ChunkList } from '../../../../src/contract/documents.ts';
import type { JobList } from '../../../../src/contract/jobs.ts';
import { documentBytes, documentPath } from '../../../documents/documents.ts';
import { wordsOf } from '../../../helpers/documents/words.ts';
import { useEmbeddings, useSluice } from '../../../helpers/servers/use.ts';
import { note, serverCalls } from '../library/server-calls.ts';
import { usePage } from '../use-page.ts';

const user = usePage();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
const server = serverCalls(sluice);

const open = (id: string, query = '') => user.page.goto(`${sluice.url}/#/document/${id}${query}`);
const button = (name: string) => user.page.getByRole('button', { name, exact: true });
const text = () => user.page.locator('.read-text');

async function chunkOf(id: string, index: number): Promise<Chunk> {
  const { chunks } = await server.get<ChunkList>(`/api/documents/${id}/chunks?from=${index}&limit=1`);
  return chunks[0]!;
}

describe('a document', () => {
  test('has its metadata edited', async () => {
    const metadata = '{"team":"sea","year":2026,"draft":true}';
    const id = await server.ingest(note('edited.md'), { collection: 'edits', metadata });
    await open(id);
    await user.page.getByRole('button', { name: 'Edit the metadata' }).click();
    await user.page.getByLabel('Value of team').fill('land');
    await user.page.getByRole('button', { name: 'Remove draft' }).click();
    await button('Add a key').click();
    await user.page.getByLabel('Key', { exact: true }).last().fill('number');
    await user.page.getByLabel('Value of number').fill('"7"');
    await button('Save').click();
    await user.page.locator('.metadata dd').filter({ hasText: 'land' }).waitFor();
    expect((await server.document(id)).metadata).toEqual({ team: 'land', year: 2026, number: '7' });
    expect(await user.page.locator('.metadata dd').allTextContents()).toEqual(['land', '2026', '"7"']);
    expect(user.complaints).toEqual([]);
  });

  test('keeps what others edit while its metadata are edited', async () => {
    const id = await server.ingest(note('shared.md'), { collection: 'shared', metadata: '{"team":"sea"}' });
    await open(id);
    await user.page.getByRole('button', { name: 'Edit the metadata' }).click();
    await fetch(`${sluice.url}/api/documents/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ metadata: { team: 'land', reviewed: true } }),
    });
    // The end of a job makes the page read the document again, under the dialog.
    await server.ingest(note('another.md'), { collection: 'shared' });
    await user.page.locator('.metadata dt').filter({ hasText: 'reviewed' }).waitFor();
    await button('Add a key').click();
    await user.page.getByLabel('Key', { exact: true }).last().fill('year');
    await user.page.getByLabel('Value of year').fill('2026');
    await button('Save').click();
    await user.page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await server.document(id)).metadata).toEqual({ team: 'land', reviewed: true, year: 2026 });
    expect(user.complaints).toEqual([]);
  });

  test('is downloaded as it was uploaded', async () => {
    const id = await server.ingest('regatta.xlsx', { collection: 'downloads' });
    await open(id);
    const started = user.page.waitForEvent('download');
    await button('Download').click();
    const download = await started;
    expect(download.suggestedFilename()).toBe('regatta.xlsx');
    expect(await readFile(await download.path())).toEqual(await documentBytes('regatta.xlsx'));
    expect(user.complaints).toEqual([]);
  });

  test('is replaced, and shows its new version without a reload', async () => {
    const settings = { chunk_size: '64', chunk_overlap: '0', metadata: '{"team":"sea"}' };
    const id = await server.ingest(note('versions.md', 'The old pear is green.'), {
      collection: 'versions',
      ...settings,
    });
    const former = await server.document(id);
    await open(id);
    await user.page.getByText('The old pear is green.').waitFor();
    await user.page.getByLabel('New version of versions.md').setInputFiles({
      name: 'another-name.md',
      mimeType: 'text/markdown',
      buffer: Buffer.from('The new plum is blue.'),
    });
    await user.page.getByText('The new plum is blue.').waitFor();
    expect(await user.page.getByText('The old pear is green.').count()).toBe(0);
    const present = await server.document(id);
    expect(present.content_hash).not.toBe(former.content_hash);
    expect(present).toMatchObject({ filename: 'versions.md', chunk_size: 64, metadata: { team: 'sea' } });
    expect(await server.names('versions')).toEqual(['versions.md']);
    expect(user.complaints).toEqual([]);
  });

  test('keeps its version if the user cancels the new one before or after its last byte', async () => {
    const id = await server.ingest(note('kept.md', 'The old pear is green.'), { collection: 'kept' });
    const former = await server.document(id);
    await open(id);
    const upload = '**/api/documents/upload';
    const replace = () =>
      user.page.getByLabel('New version of kept.md').setInputFiles({
        name: 'kept.md',
        mimeType: 'text/markdown',
        buffer: Buffer.from('The new plum is blue.'),
      });
    const words = user.page.getByText('The new version is cancelled. The present one stays.');
    await user.page.route(upload, () => new Promise(() => {}));
    await replace();
    await user.page.getByRole('progressbar', { name: 'Sent of the new version of kept.md' }).waitFor();
    expect(await button('Replace').isDisabled()).toBe(true);
    await button('Cancel the new version').click();
    await words.waitFor();
    await user.page.getByRole('button', { name: 'Dismiss this message' }).click();
    await words.waitFor({ state: 'detached' });
    await user.page.unroute(upload);

    // The server stands still from the last call before the upload on, so that it has all bytes and says nothing.
    const api = await sluice.rolePid('api');
    embedder.delayMs = 60_000;
    try {
      await user.page.route('**/api/documents?*', async (route) => {
        const response = await route.fetch();
        process.kill(api, 'SIGSTOP');
        await route.fulfill({ response });
      });
      await replace();
      await user.page.getByText('Waits until the server has stored it').waitFor();
      await button('Cancel the new version').click();
      process.kill(api, 'SIGCONT');
      await words.waitFor();
    } finally {
      process.kill(api, 'SIGCONT');
      embedder.delayMs = 0;
    }
    const { jobs } = await server.get<JobList>('/api/jobs?collection=kept');
    expect(jobs.map(({ error_code: code }) => code)).toEqual(['cancelled', undefined]);
    expect(await server.document(id)).toEqual(former);
    expect(await button('Replace').isEnabled()).toBe(true);
  });

  test('keeps its version if the new one cannot be read, and says why', async () => {
    const id = await server.ingest('paper-2p.pdf', { collection: 'refused-versions' });
    const former = await server.document(id);
    await open(id, '?view=text');
    await user.page
      .getByLabel('New version of paper-2p.pdf')
      .setInputFiles(await documentPath('password.pdf'));
    const sign = user.page.locator('.job-sign');
    await sign.locator('.field-error').waitFor();
    expect(await sign.textContent()).toContain('The file is protected by a password.');
    expect(await server.document(id)).toEqual(former);
    expect(user.complaints).toEqual([]);
  });

  test('is indexed again, by a job that the view follows', async () => {
    const id = await server.ingest(note('again.md'), { collection: 'reindexed' });
    await open(id);
    await button('Index again').click();
    await user.page.locator('.job-sign .status[data-state=completed]').waitFor();
    await user.page.getByRole('link', { name: 'See its job' }).click();
    await expect.poll(() => user.page.evaluate('location.hash')).toMatch(/^#\/job\/./);
    const job = (await user.page.evaluate<string>('location.hash')).split('/').at(-1)!;
    expect(job).not.toBe(id);
    expect(await sluice.ended(job)).toMatchObject({ status: 'completed', result: { document_id: id } });
  });

  test('is deleted from its own view, and its address then says so', async () => {
    const id = await server.ingest(note('leaves.md'), { collection: 'leaving' });
    await server.ingest(note('stays.md'), { collection: 'leaving' });
    await open(id);
    await button('Delete').click();
    await user.page.getByRole('link', { name: 'stays.md' }).waitFor();
    expect(await user.page.getByRole('link', { name: 'leaves.md' }).count()).toBe(0);
    await button('Undo').click();
    await user.page.getByRole('link', { name: 'leaves.md' }).click();
    await button('Delete').click();
    await expect.poll(() => server.status(`/api/documents/${id}`)).toBe(404);
    await open(id);
    await user.page.getByText('This document is gone', { exact: true }).waitFor();
  });
});

describe('the text of a document', () => {
  test('is the one that the processor read, without overlaps', async () => {
    const id = await server.ingest('readme.md', {
      collection: 'texts',
      chunk_size: '120',
      chunk_overlap: '60',
    });
    await open(id, '?view=text');
    await text().locator('[data-start]').first().waitFor();
    const read = await sluice.parse('readme.md');
    expect(wordsOf((await text().innerText()).replaceAll('\n', ' '))).toEqual(wordsOf(read.text));
    await text().getByRole('heading', { name: 'The tide files' }).waitFor();
    expect(user.complaints).toEqual([]);
  });

  test('opens in the middle with its passage marked, and grows both ways in its place', async () => {
    const id = await server.ingest('handbook.docx', { collection: 'texts' });
    await open(id, '?chunk=900');
    const mark = text().locator('mark').first();
    await mark.waitFor();
    const passage = async () => wordsOf((await text().locator('mark').allInnerTexts()).join(' '));
    expect(await passage()).toEqual(wordsOf((await chunkOf(id, 900)).text));
    const { height } = user.page.viewportSize()!;
    const inSight = async () => {
      const { y } = (await mark.boundingBox())!;
      return y > 0 && y < height;
    };
    await expect.poll(inSight).toBe(true);

    const loaded = async () => (await user.page.locator('.text-tools').textContent())!;
    const before = await loaded();
    const starts = () =>
      user.page.evaluate<number[]>(
        `[...document.querySelectorAll('.read-text [data-start]')].map((block) => Number(block.dataset.start))`,
      );
    const first = async () => (await starts())[0]!;
    const last = async () => (await starts()).at(-1)!;
    const [firstBefore, lastBefore] = [await first(), await last()];
    // The top of the text is in sight: more comes above it, and what is seen stays where it is.
    const top = `document.querySelector('.read-text mark').getBoundingClientRect().top`;
    const place = await user.page.evaluate<number>(
      `document.querySelector('.read-text').scrollIntoView(), ${top}`,
    );
    await expect.poll(first).toBeLessThan(firstBefore);
    expect(Math.abs((await user.page.evaluate<number>(top)) - place)).toBeLessThan(2);
    await user.page.evaluate(`document.querySelector('.read-text').scrollIntoView({ block: 'end' })`);
    await expect.poll(last).toBeGreaterThan(lastBefore);
    expect(await loaded()).not.toBe(before);
    const all = await starts();
    expect(all).toEqual(all.toSorted((a, b) => a - b));
    expect(await passage()).toEqual(wordsOf((await chunkOf(id, 900)).text));
    expect(user.complaints).toEqual([]);
  });

  test('shows markup of a document as text', async () => {
    const words = `Some <script>document.title = 'gotcha'</script> & <b>bold</b> <img src=x onerror=alert(1)> words.`;
    const id = await server.ingest(new File([words], 'markup.txt', { type: 'text/plain' }), {
      collection: 'texts',
    });
    await open(id, '?view=text');
    await expect.poll(() => text().innerText()).toContain(words);
    expect(await text().locator('script, b, img').count()).toBe(0);
    expect(user.complaints).toEqual([]);
  });
});

test('the chunks of a document have their facts, and lead into the text', async () => {
  const id = await server.ingest('handbook.docx', { collection: 'chunk-lists' });
  await open(id, '?view=chunks');
  const passages = user.page.locator('.passage');
  await passages.first().waitFor();
  const shown = await passages.count();
  await button('Show more').click();
  await expect.poll(() => passages.count()).toBeGreaterThan(shown);

  await user.page.getByLabel('Chunk', { exact: true }).fill('700');
  await button('Go').click();
  const marked = user.page.locator('.passage[aria-current]');
  const { text: words, heading } = await chunkOf(id, 700);
  await expect.poll(() => marked.locator('.chunk-text').textContent()).toBe(words);
  expect(await marked.locator('.origin').textContent()).toContain(heading);
  await marked.getByRole('link', { name: 'In the text' }).click();
  await text().locator('mark').first().waitFor();
  expect(await user.page.evaluate('location.hash')).toBe(`#/document/${id}?chunk=700&view=text`);
  expect(user.complaints).toEqual([]);
});

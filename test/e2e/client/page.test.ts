import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from 'vitest';

import type { ChunkList } from '../../../src/contract/documents.ts';
import { usePage } from './use-page.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

const PAPER = 'paper-2p.pdf';
/** Long enough to be looked at twice while it is worked on. */
const LONG = 'gazetteer-13p.pdf';
/** Duration of a call, so that a job shows its steps on any machine. */
const EMBEDDING_MS = 300;

const user = usePage();
const embedder = useEmbeddings({ dimensions: 512, delayMs: EMBEDDING_MS });
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
beforeEach(async () => {
  await user.page.goto(sluice.url);
  await user.mode('live').waitFor();
});

describe('an upload', () => {
  test('is seen moving, and ends with its chunks', async () => {
    await user.choose(PAPER);
    const done = user.card(PAPER, 'completed');
    await done.waitFor();

    const [id = ''] = await user.jobIds();
    const { result, status } = await sluice.job(id);
    expect(status).toBe('completed');
    const words = await done.locator('.message').textContent();
    expect(words).toContain(`${result?.chunk_count} chunks in “default”`);

    const { progress, modes } = await user.seen();
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(new Set(progress).size).toBeGreaterThanOrEqual(5);
    expect(progress.at(-1)).toBe(100);
    expect(modes).toEqual(['live']);

    const response = await fetch(`${sluice.url}/api/documents/${result?.document_id}/chunks?limit=5`);
    const { chunks } = (await response.json()) as ChunkList;
    await done.locator('.passage').nth(4).waitFor();
    expect(await done.locator('.passage .text').allTextContents()).toEqual(chunks.map(({ text }) => text));
    expect(await done.locator('.passage .origin').first().textContent()).toContain('page 1');
    expect(user.complaints).toEqual([]);
  });

  test('goes to the collection that is named, and the search follows it there', async () => {
    const collection = user.page.getByLabel('Collection', { exact: true });
    await collection.fill('x');
    await user.choose(PAPER);
    expect(await user.page.getByRole('alert').textContent()).toContain('3 to 512 characters');
    expect(await user.page.locator('.upload').count()).toBe(0);

    await collection.fill('papers');
    await user.choose(PAPER);
    await user.card(PAPER, 'completed').waitFor();
    expect(await user.page.getByLabel('In collection').inputValue()).toBe('papers');

    const sentence =
      'The core of TideReader comes with three simple rules for following a line, choosing a branch and closing a gap.';
    await user.page.getByLabel('What are you looking for?').fill(sentence);
    await user.page.getByRole('button', { name: 'Search' }).click();
    const first = user.page.locator('#search-results .passage').first();
    expect(await first.locator('.text').textContent()).toContain(sentence);
    expect(await first.locator('mark').allTextContents()).toContain('TideReader');
    expect(await first.locator('.origin span').allTextContents()).toEqual([
      expect.stringMatching(/^[01]\.\d\d$/),
      PAPER,
      'page 1',
      expect.stringContaining('Introduction'),
    ]);
    expect(user.complaints).toEqual([]);
  });

  test('says in words why a file was refused, and why a job failed', async () => {
    await user.choose('empty.txt', 'password.pdf');
    const refused = user.card('empty.txt', 'refused').locator('.message');
    expect(await refused.textContent()).toBe('The file is empty.');
    const failed = user.card('password.pdf', 'failed').locator('.message');
    expect(await failed.textContent()).toContain(
      'The file is protected by a password. Upload it without one.',
    );
    // The browser itself notes the response 400.
    expect(user.complaints).toEqual([expect.stringContaining('status of 400')]);
  });

  test('shows a name as it is, whatever it looks like', async () => {
    const name = `<img src=x onerror="document.title='gotcha'"> & <b>co.md`;
    const buffer = Buffer.from(
      '# Hello <i>there</i>\n\nSome <script>text</script> to read, and then more of it.',
    );
    await user.page.getByLabel('Choose files').setInputFiles({ name, mimeType: 'text/markdown', buffer });
    const done = user.card(name, 'completed');
    await done.locator('.passage').first().waitFor();
    expect(await done.getByRole('heading').textContent()).toBe(name);
    expect(await user.page.locator('.upload :is(img, b, i, script)').count()).toBe(0);
    expect(await user.page.title()).toBe('Sluice');
    expect(user.complaints).toEqual([]);
  });

  test('whose line is lost goes on by itself', async () => {
    const lost = Promise.withResolvers<void>();
    await user.page.route(
      '**/api/documents/upload',
      async (route) => {
        await route.abort('connectionreset');
        lost.resolve();
      },
      { times: 1 },
    );
    await user.choose(PAPER);
    await lost.promise;
    await user.card(PAPER, 'completed').waitFor();
    expect(await user.page.locator('.upload').count()).toBe(1);
  });

  test('of a folder is one of each of its files', async () => {
    // Playwright drops no folders, so a page's script makes the event with entries of its own.
    await user.page.evaluate(`(() => {
      const file = (name) => ({
        isFile: true,
        name,
        file: (take) => take(new File(['The text of ' + name], name)),
      });
      const folder = (name, entries) => ({
        isFile: false,
        name,
        createReader: () => ({ readEntries: (take) => take(entries.splice(0)) }),
      });
      const tree = folder('outer', [file('one.txt'), folder('inner', [file('two.txt')])]);
      const event = new Event('drop', { bubbles: true, cancelable: true });
      const items = [{ webkitGetAsEntry: () => tree }];
      Object.assign(event, { dataTransfer: { types: ['Files'], files: [], items } });
      document.dispatchEvent(event);
    })()`);
    await user.card('one.txt', 'completed').waitFor();
    await user.card('two.txt', 'completed').waitFor();
    expect(user.complaints).toEqual([]);
  });
});

/** What the list shows, from the top. */
function names(): Promise<string[]> {
  return user.page.locator('.upload .filename').allTextContents();
}

describe('the list', () => {
  test('is there again after a reload, and a job under way is watched on', async () => {
    await user.choose(PAPER);
    await user.card(PAPER, 'completed').waitFor();
    await user.choose(LONG);
    await user.card(LONG, 'processing').waitFor();

    await user.page.reload();
    expect(await names()).toEqual([LONG, PAPER]);
    await user.card(PAPER, 'completed').waitFor();
    await user.card(LONG, 'completed').waitFor();
    const { progress } = await user.seen();
    expect(new Set(progress).size).toBeGreaterThanOrEqual(3);

    await user.page.getByRole('button', { name: `Remove from this list: ${PAPER}` }).click();
    await user.page.reload();
    expect(await names()).toEqual([LONG]);
    expect(user.complaints).toEqual([]);
  });

  test('says that a job is unknown, once', async () => {
    await user.remember({ 'no-such-job': 'lost.pdf' });
    await user.page.reload();
    await user.card('lost.pdf', 'unknown').waitFor();
    await user.page.reload();
    await user.mode('live').waitFor();
    expect(await names()).toEqual([]);
  });

  test('fits a small screen', async () => {
    await user.page.setViewportSize({ width: 360, height: 740 });
    await user.choose('password.pdf', PAPER);
    expect(await names()).toEqual(['password.pdf', PAPER]);
    await user.card(PAPER, 'completed').locator('summary').click();
    await user.card(PAPER).locator('.passage').first().waitFor();
    expect(await user.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });
});

test('the page comes with a policy that lets nothing foreign in', async () => {
  const response = await fetch(sluice.url);
  expect(response.headers.get('content-security-policy')).toContain(`default-src 'self'`);
  const html = await response.text();
  expect(html).toBe(await readFile(new URL('../../../client/dist/index.html', import.meta.url), 'utf8'));
  expect(html).not.toMatch(/https?:\/\/|<style|<script(?![^>]*src=)| style=| on\w+=/);
});

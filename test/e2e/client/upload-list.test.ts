import { beforeEach, describe, expect, test } from 'vitest';

import type { BatchView } from '../../../src/contract/batches/batch.ts';
import type { DocumentList } from '../../../src/contract/documents.ts';
import { createTestPage, GENEROUS_MS } from './test-page.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';
import { FOR_EACH, use } from '../../helpers/servers/use.ts';
import { useBrowser } from './use-page.ts';

const LONG = 'gazetteer-13p.pdf';
const EMBEDDING_MS = 300;
const GENEROUS = { timeout: GENEROUS_MS };

const browser = useBrowser();
const user = use(() => createTestPage(browser), FOR_EACH);
const embedder = useEmbeddings({ dimensions: 512 });
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
beforeEach(async () => {
  embedder.delayMs = 0;
  await user.page.goto(sluice.url);
  await user.mode('live').waitFor();
});

const text = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(`This is ${name}.`) });

async function batch(name: string): Promise<BatchView> {
  const response = await fetch(`${sluice.url}/api/batches/${encodeURIComponent(name)}`);
  return (await response.json()) as BatchView;
}

/** Drops a folder on the page. Playwright drops none, so a script makes the event with entries of its own. */
async function dropFolder(): Promise<void> {
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
    const tree = folder('outer', [file('one.txt'), file('empty.txt'), folder('inner', [file('two.txt')])]);
    const event = new Event('drop', { bubbles: true, cancelable: true });
    const items = [{ webkitGetAsEntry: () => tree }];
    Object.assign(event, { dataTransfer: { types: ['Files'], files: [], items } });
    document.dispatchEvent(event);
  })()`);
}

describe('many files', () => {
  test('of a folder are one batch, with its name', async () => {
    await dropFolder();
    await user.row('one.txt', 'completed').waitFor();
    await user.row('two.txt', 'completed').waitFor();
    const name = (await user.page.locator('.batch-card h2').first().textContent()) ?? '';
    expect(name).toMatch(/^outer, /);
    expect(await batch(name)).toMatchObject({ total: 3, counts: { completed: 3 } });
    expect(await user.page.locator('.batch-summary').first().textContent()).toBe('3 of 3 completed');
    expect(user.complaints).toEqual([]);
  });

  test('are all in the list after a reload, and in another tab', async () => {
    await user.page.getByText('More settings').click();
    await user.page.getByLabel('Batch', { exact: true }).fill('five hundred');
    const files = Array.from({ length: 499 }, (_, i) => text(`file-${i}.txt`));
    const broken = {
      name: 'broken.pdf',
      mimeType: 'application/pdf',
      buffer: Buffer.from('%PDF-1.7 nothing'),
    };
    await user.page.getByLabel('Files to upload').setInputFiles([...files, broken]);
    await expect
      .poll(() => user.page.getByText('499 of 500 completed, 1 failed').count(), GENEROUS)
      .toBeGreaterThan(0);
    expect(await batch('five hundred')).toMatchObject({ total: 500, counts: { completed: 499, failed: 1 } });

    const other = await createTestPage(browser);
    await other.page.goto(sluice.url);
    await user.page.reload();
    for (const { page } of [user, other]) {
      const first = page.locator('.uploads > li').first();
      await first.waitFor();
      // The list of the server, with the jobs of the other tests.
      expect(Number(await first.getAttribute('aria-setsize'))).toBeGreaterThanOrEqual(500);
      // Only those near the window are in the page.
      expect(await page.locator('.uploads > li').count()).toBeLessThan(60);
      await page.getByText('499 of 500 completed, 1 failed').waitFor();
    }
    await other.close();
    expect(user.complaints).toEqual([]);
  });

  test('are cancelled as a batch, and undone', async () => {
    embedder.delayMs = 20_000;
    await user.page.getByText('More settings').click();
    await user.page.getByLabel('Batch', { exact: true }).fill('stopped');
    const files = Array.from({ length: 30 }, (_, i) => text(`stopped-${i}.txt`));
    await user.page.getByLabel('Files to upload').setInputFiles(files);
    const card = user.page.locator('.batch-card').filter({ hasText: 'stopped' });
    await expect.poll(async () => (await batch('stopped')).total, GENEROUS).toBe(30);
    await card.getByRole('button', { name: 'Cancel the rest' }).click();
    await expect.poll(async () => (await batch('stopped')).counts.cancelled, GENEROUS).toBe(30);
    embedder.delayMs = 0;
    await user.page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => (await batch('stopped')).counts.completed, GENEROUS).toBe(30);
  });
});

describe('the list', () => {
  test('goes on after a reload, from what the server has', async () => {
    embedder.delayMs = EMBEDDING_MS;
    await user.choose(LONG);
    const id = await user.jobId(user.row(LONG, 'processing'));
    await user.page.reload();
    expect(await user.jobId(user.row(LONG, 'processing'))).toBe(id);
    await user.row(LONG, 'completed').waitFor();
    expect(user.complaints).toEqual([]);
  });

  test('shows what another client uploads', async () => {
    const { job_id: id } = await sluice.upload(new File(['Words of somebody else.'], 'elsewhere.txt'));
    const row = user.row('elsewhere.txt', 'completed');
    await row.waitFor();
    expect(await user.jobId(row)).toBe(id);
  });

  test('turns grey and says when the server was last heard, while nothing arrives', async () => {
    embedder.delayMs = 20_000;
    await user.page.getByLabel('Files to upload').setInputFiles(text('grey.txt'));
    const row = user.row('grey.txt', 'processing');
    await row.waitFor();
    const badge = () =>
      user.page.evaluate(
        `getComputedStyle(document.querySelector('[data-status=processing] .status')).color`,
      );
    const lively = await badge();
    const pid = await sluice.rolePid('api');
    process.kill(pid, 'SIGSTOP');
    try {
      await user.page.evaluate(`window.dispatchEvent(new Event('online'))`);
      await user.mode('offline').or(user.mode('stale')).waitFor();
      await expect.poll(() => user.page.locator('#connection').textContent()).toMatch(/last heard \d+.s ago/);
      expect(await badge()).not.toBe(lively);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await user.mode('live').waitFor();
    expect(await badge()).toBe(lively);
    await row.getByRole('button', { name: 'Cancel grey.txt' }).click();
  });

  test('takes what is pasted', async () => {
    await user.page.evaluate(`(() => {
      const data = new DataTransfer();
      data.setData('text/plain', 'A pasted sentence about lighthouses.');
      document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    })()`);
    const row = user.page.locator('.row[data-status=completed]').filter({ hasText: 'Pasted text' });
    await row.waitFor();
    const response = await fetch(`${sluice.url}/api/documents?collection=default&limit=100`);
    const { documents } = (await response.json()) as DocumentList;
    expect(documents.some(({ filename }) => /^Pasted text .*\.txt$/.test(filename))).toBe(true);
  });

  test('fits the smallest phone', async () => {
    await user.page.setViewportSize({ width: 320, height: 640 });
    await user.choose('password.pdf');
    await user.row('password.pdf', 'failed').waitFor();
    expect(await user.page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  });
});

import { describe, expect, test } from 'vitest';

import type { Chunk, ChunkList } from '../../../../src/contract/documents.ts';
import { photo, scannedPdf } from '../../../helpers/documents/scans.ts';
import { useEmbeddings, useSluice } from '../../../helpers/servers/use.ts';
import { serverCalls } from '../library/server-calls.ts';
import { usePage } from '../use-page.ts';

const user = usePage();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
const server = serverCalls(sluice);

const open = (id: string, query = '') => user.page.goto(`${sluice.url}/#/document/${id}${query}`);
const drawn = (page: number) => user.page.locator(`.pdf-page canvas[data-drawn="${page}"]`);
const number = () => user.page.getByLabel('Page', { exact: true });
const lettersOf = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{N}]/gu)
    ?.join('') ?? '';
/** What is marked on the pages, in their order. */
const marked = async () =>
  lettersOf(
    await user.page.evaluate<string>(`[...CSS.highlights.get('passage') ?? []].map(String).join(' ')`),
  );

async function chunksOf(id: string): Promise<Chunk[]> {
  return (await server.get<ChunkList>(`/api/documents/${id}/chunks?limit=1000`)).chunks;
}

describe('a PDF of 600 pages', () => {
  test('opens at page 500 at once, and draws only what it shows', async () => {
    // Large chunks, because only the pages matter.
    const id = await server.ingest('report-600p.pdf', { collection: 'reports', chunk_size: '8192' });
    const { size } = await server.document(id);
    const ranges: { status: number; bytes: number }[] = [];
    user.page.on('response', (response) => {
      if (response.url().endsWith('/content'))
        ranges.push({ status: response.status(), bytes: Number(response.headers()['content-length']) });
    });
    await open(id, '?page=500');
    await drawn(500).waitFor();
    expect(await number().inputValue()).toBe('500');
    expect(await user.page.locator('.pdf-page').count()).toBeLessThan(8);
    // The file has one long list of pages, of which pdf.js reads each. It asks for no byte twice.
    expect(ranges.length).toBeGreaterThan(1);
    expect(ranges.every(({ status }) => status === 206)).toBe(true);
    expect(ranges.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(size);

    await number().fill('17');
    await number().press('Enter');
    await drawn(17).waitFor();
    await expect
      .poll(() => user.page.evaluate('location.hash'))
      .toBe(`#/document/${id}?page=17&view=original`);
    await user.page.reload();
    await drawn(17).waitFor();
    expect(await number().inputValue()).toBe('17');
    expect(user.complaints).toEqual([]);
  });
});

describe('the original', () => {
  test('marks the passage of a chunk on its page, whatever its place', async () => {
    const id = await server.ingest('paper-2p.pdf', { collection: 'papers' });
    const chunks = await chunksOf(id);
    expect(chunks.length).toBeGreaterThan(5);
    for (const { chunk_index, page, text } of chunks) {
      await open(id, `?chunk=${chunk_index}`);
      await drawn(page!).waitFor();
      await expect.poll(marked).toBe(lettersOf(text));
    }
    expect(user.complaints).toEqual([]);
  });

  test.each(['korean.pdf', 'arabic.pdf', 'emphasis.pdf', 'guide-76p-damaged.pdf', 'copy-protected.pdf'])(
    'marks the passage in %s',
    async (name) => {
      const id = await server.ingest(name, { collection: 'scripts' });
      const [{ text }] = (await chunksOf(id)) as [Chunk];
      await open(id, '?chunk=0');
      await expect.poll(async () => (await marked()).length).toBe(lettersOf(text).length);
      expect(user.complaints).toEqual([]);
    },
  );

  test('is zoomed and turned by keys, and its text can be selected', async () => {
    const id = await server.ingest('paper-2p.pdf', { collection: 'papers' });
    await open(id);
    await drawn(1).waitFor();
    const box = user.page.locator('.pdf-box');
    const width = async () => (await user.page.locator('[data-page="1"]').boundingBox())!.width;
    const fitting = await width();
    await box.focus();
    await user.page.keyboard.press('-');
    await expect.poll(width).toBeLessThan(fitting);
    await user.page.keyboard.press('0');
    await expect.poll(width).toBe(fitting);
    await user.page.getByRole('button', { name: 'Zoom in' }).click();
    await expect.poll(width).toBeGreaterThan(fitting);
    await user.page.getByRole('button', { name: 'Fit width' }).click();
    await expect.poll(width).toBe(fitting);

    const line = user.page.locator('[data-page="1"] .text-layer span', { hasText: 'TideReader' }).first();
    await line.waitFor();
    await line.click({ clickCount: 3 });
    expect(await user.page.evaluate('String(getSelection())')).toContain('TideReader');

    await box.focus();
    await user.page.keyboard.press('ArrowRight');
    await expect.poll(() => number().inputValue()).toBe('2');
    await drawn(2).waitFor();
    expect(user.complaints).toEqual([]);
  });

  test('frees the images of a page that is far from view, and draws it again', async () => {
    await user.page.addInitScript({
      content: `
        window.freed = 0;
        const { close } = ImageBitmap.prototype;
        ImageBitmap.prototype.close = function () { window.freed++; close.call(this); };
      `,
    });
    const pages = Array.from({ length: 12 }, (_, i) => ({ text: `Sheet ${i + 1}`, image: photo() }));
    const file = new File([await scannedPdf(pages)], 'sheets.pdf', { type: 'application/pdf' });
    const id = await server.ingest(file, { collection: 'scans' });
    await open(id);
    await drawn(1).waitFor();
    const freed = () => user.page.evaluate<number>('window.freed');
    expect(await freed()).toBe(0);
    await number().fill('12');
    await number().press('Enter');
    await drawn(12).waitFor();
    await expect.poll(freed).toBeGreaterThan(0);
    await number().fill('1');
    await number().press('Enter');
    await drawn(1).waitFor();
    expect(user.complaints).toEqual([]);
  });

  test('of another kind is offered for download', async () => {
    const id = await server.ingest('table.docx', { collection: 'papers' });
    await open(id, '?view=original');
    await user.page.getByText('The page cannot show the kind Word', { exact: true }).waitFor();
    const started = user.page.waitForEvent('download');
    await user.page.getByRole('button', { name: 'Download table.docx' }).click();
    expect((await started).suggestedFilename()).toBe('table.docx');
    expect(user.complaints).toEqual([]);
  });
});

import { expect, test } from 'vitest';

import { serverCalls } from '../../e2e/client/library/server-calls.ts';
import { usePage } from '../../e2e/client/use-page.ts';
import { photo, scannedPdf } from '../../helpers/documents/scans.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

const user = usePage();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
const server = serverCalls(sluice);

const open = (id: string, query = '') => user.page.goto(`${sluice.url}/#/document/${id}${query}`);
const drawn = (page: number) => user.page.locator(`.pdf-page canvas[data-drawn="${page}"]`);
const number = () => user.page.getByLabel('Page', { exact: true });

test('a PDF of 600 pages opens at page 500 at once, and draws only what it shows', async () => {
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
  await expect.poll(() => user.page.evaluate('location.hash')).toBe(`#/document/${id}?page=17&view=original`);
  await user.page.reload();
  await drawn(17).waitFor();
  expect(await number().inputValue()).toBe('17');
  expect(user.complaints).toEqual([]);
});

test('an original frees the images of a page that is far from view, and draws it again', async () => {
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

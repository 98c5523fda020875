import { expect, test } from 'vitest';

import { sheet } from '../../../helpers/documents/scans.ts';
import { useEmbeddings, useSluice } from '../../../helpers/servers/use.ts';
import { serverCalls } from '../library/server-calls.ts';
import { usePage } from '../use-page.ts';

const user = usePage();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
const server = serverCalls(sluice);

const passage = () => user.page.locator('.passage-aside');
/** Searches for words of the sheet, and opens the hit. */
async function openHit(collection: string): Promise<void> {
  await user.page.goto(`${sluice.url}/#/search?collection=${collection}&q=mason+crowns+goat&mode=keyword`);
  await user.page.locator('.hit').first().getByRole('link', { name: 'Open in the document' }).click();
}

test.each(['png', 'webp'] as const)(
  'a hit in a %s opens the image with the passage beside it',
  async (format) => {
    const bytes = new Uint8Array(await sheet().toFormat(format).toBuffer());
    const id = await server.ingest(new File([bytes], `sheet.${format}`, { type: `image/${format}` }), {
      collection: format,
    });
    await openHit(format);
    await user.page.waitForURL(new RegExp(`#/document/${id}`));
    await passage().locator('mark').waitFor();
    expect(await passage().textContent()).toContain('read by text recognition');
    const canvas = user.page.locator('.image-view canvas');
    await expect.poll(() => canvas.evaluate((element) => element.width)).toBeGreaterThan(300);
    await canvas.waitFor();
    expect(user.complaints).toEqual([]);
  },
);

test('a hit in a TIFF, which browsers do not show, opens its text', async () => {
  const bytes = new Uint8Array(await sheet().tiff().toBuffer());
  const id = await server.ingest(new File([bytes], 'sheet.tiff', { type: 'image/tiff' }), {
    collection: 'tiff',
  });
  await openHit('tiff');
  await user.page.locator('.read-text mark').first().waitFor();
  await user.page.goto(`${sluice.url}/#/document/${id}?chunk=0&view=original`);
  await user.page.getByText('The page cannot show the kind TIFF', { exact: true }).waitFor();
  await passage().locator('mark').waitFor();
  expect(user.complaints).toEqual([]);
});

import { expect, test } from 'vitest';

import type { Chunk, ChunkList } from '../../../../src/contract/documents.ts';
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

test('an original marks the passage of a chunk on its page, whatever its place', async () => {
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
  'an original marks the passage in %s',
  async (name) => {
    const id = await server.ingest(name, { collection: 'scripts' });
    const [{ text }] = (await chunksOf(id)) as [Chunk];
    await open(id, '?chunk=0');
    await expect.poll(async () => (await marked()).length).toBe(lettersOf(text).length);
    expect(user.complaints).toEqual([]);
  },
);

test('an original is zoomed and turned by keys, and its text can be selected', async () => {
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

test('an original of another kind is offered for download', async () => {
  const id = await server.ingest('table.docx', { collection: 'papers' });
  await open(id, '?view=original');
  await user.page.getByText('The page cannot show the kind Word', { exact: true }).waitFor();
  const started = user.page.waitForEvent('download');
  await user.page.getByRole('button', { name: 'Download table.docx' }).click();
  expect((await started).suggestedFilename()).toBe('table.docx');
  expect(user.complaints).toEqual([]);
});

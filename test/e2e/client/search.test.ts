import { beforeAll, beforeEach, expect, test } from 'vitest';

import type { ChunkList } from '../../../src/contract/documents.ts';
import { useSluice } from '../../helpers/servers/use.ts';
import { usePage } from './use-page.ts';

const PAPER = 'paper-2p.pdf';
const SENTENCE =
  'The core of TideReader comes with three simple rules for following a line, choosing a branch and closing a gap.';

const user = usePage();
const sluice = useSluice();
let documentId = '';
beforeAll(async () => {
  const { job_id: id } = await sluice.upload(PAPER, { collection: 'papers' });
  documentId = (await sluice.ended(id)).result?.document_id ?? '';
});
beforeEach(() => user.page.goto(`${sluice.url}/#/search?collection=papers`));

const hits = () => user.page.locator('.hit');

async function ask(words: string): Promise<void> {
  await user.page.getByLabel('What are you looking for?').fill(words);
  await user.page.getByRole('button', { name: 'Search' }).click();
}

test('a sentence is found, its words marked, with page and heading', async () => {
  await ask(SENTENCE);
  const first = hits().first();
  expect(await first.locator('.hit-text').textContent()).toContain(SENTENCE);
  expect(await first.locator('mark').allTextContents()).toContain('TideReader');
  expect(await first.locator('.facts span').allTextContents()).toEqual([
    'page 1',
    expect.stringContaining('Introduction'),
    expect.stringMatching(/^score [01]\.\d\d$/),
  ]);
  const href = await first.getByRole('link', { name: 'Open in the document' }).getAttribute('href');
  expect(href).toMatch(new RegExp(`^#/document/${documentId}\\?chunk=\\d+&page=1$`));
  expect(user.complaints).toEqual([]);
});

test('a hit shows its neighbours on demand, as the document has them', async () => {
  await ask(SENTENCE);
  const first = hits().first();
  const href = (await first.getByRole('link', { name: PAPER }).getAttribute('href')) ?? '';
  const index = Number(/chunk=(\d+)/.exec(href)?.[1]);
  await first.getByRole('button', { name: 'Show what is around it' }).click();
  await first.locator('.neighbour').first().waitFor();
  const response = await fetch(`${sluice.url}/api/documents/${documentId}/chunks`);
  const { chunks } = (await response.json()) as ChunkList;
  const around = chunks.filter(({ chunk_index: other }) => Math.abs(other - index) === 1);
  const words = (text: string) => text.split(/\s+/).join(' ').trim();
  expect((await first.locator('.neighbour').allTextContents()).map(words)).toEqual(
    around.map(({ text }) => words(text)),
  );
});

test('an address holds the search, for a reload and for another browser', async () => {
  await ask('closing a gap');
  await hits().first().waitFor();
  await user.page.getByRole('link', { name: 'Words', exact: true }).click();
  await expect.poll(() => user.page.url()).toContain('q=closing+a+gap&collection=papers&mode=keyword');
  const texts = async () => {
    await hits().first().waitFor();
    return hits().locator('.hit-text').allTextContents();
  };
  const before = await texts();
  await user.page.reload();
  expect(await texts()).toEqual(before);
  expect(await user.page.getByLabel('What are you looking for?').inputValue()).toBe('closing a gap');
});

test('nonsense finds nothing, and the page says so', async () => {
  await ask('xqzzy vlorpt');
  await user.page.getByText('Nothing in “papers” matches.').waitFor();
  expect(await hits().count()).toBe(0);
});

test('a passage that looks like markup stays a text', async () => {
  const file = new File(['Look here: <img src=x onerror=alert(1)> for lanterns.'], 'markup.txt');
  await sluice.ended((await sluice.upload(file, { collection: 'papers' })).job_id);
  await ask('lanterns');
  expect(await hits().first().locator('.hit-text').textContent()).toContain('<img src=x onerror=alert(1)>');
  expect(await hits().locator('img').count()).toBe(0);
  expect(user.complaints).toEqual([]);
});

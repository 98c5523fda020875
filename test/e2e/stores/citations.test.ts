import { expect, test } from 'vitest';

import type { Chunk, Document } from '../../../src/contract/documents.ts';
import type { SearchResponse } from '../../../src/contract/search.ts';
import { documentBytes } from '../../documents/documents.ts';
import { expectExact, holding, ingest } from '../../helpers/documents/cited.ts';
import { pptx } from '../../helpers/documents/office-files.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

/** Sentences far from page edges, because a chunk may cross those. */
const WORDS_OF_PAGES: readonly [words: string, page: number][] = [
  ['The lamp shows two white flashes every fifteen seconds', 2],
  ['A bell on the pier head is rung when the water', 5],
  ['The old ferry was a flat-bottomed chain boat', 8],
  ['The stream in the Narrows then reaches six knots', 11],
  ['The common seal is smaller and has a face', 13],
];

test.each(['sentence', 'page', 'fixed'])(
  'what a PDF says is stored with the page it stands on, cut by %s',
  async (chunking_strategy) => {
    const name = 'gazetteer-13p.pdf';
    const cited = await ingest(sluice, name, { chunking_strategy });
    await expectExact(sluice, cited, name, await documentBytes(name));
    for (const [words, page] of WORDS_OF_PAGES) {
      const found = holding(cited.stored, words);
      expect([words, ...new Set(found.map(({ metadata }) => metadata['page']))]).toEqual([words, page]);
    }
  },
);

test('what a sheet or a slide says is stored with its number and its title', async () => {
  const name = 'regatta.xlsx';
  const workbook = await ingest(sluice, name, { chunk_size: '64', chunk_overlap: '0' });
  await expectExact(sluice, workbook, name, await documentBytes(name));
  const sheets = holding(workbook.stored, 'Old Grey');
  expect(sheets.map(({ metadata: { page, heading } }) => [page, heading])).toEqual([
    [1, 'Regatta Winners'],
    [2, 'Regatta Winners Since 1967'],
  ]);

  const slides = ['First', 'Second', 'Third'].map((title) => ({
    title,
    text: `What the ${title} says.`,
    notes: `What is said to the ${title}.`,
  }));
  const show = pptx(slides);
  const shown = await ingest(sluice, new File([show], 'show.pptx'), { chunking_strategy: 'page' });
  await expectExact(sluice, shown, 'show.pptx', show);
  for (const [index, { title, text, notes }] of slides.entries()) {
    for (const words of [text, notes]) {
      const where = holding(shown.stored, words).map(({ metadata: { page, heading } }) => [page, heading]);
      expect([words, ...where]).toEqual([words, [index + 1, title]]);
    }
  }
});

test('what a page hides is left out and counted, or read on request, also after a reindex', async () => {
  const page = () => new File(['<!DOCTYPE html><p>Seen by all.</p><p hidden>Seen by none.</p>'], 'page.html');
  const collection = 'hidden-parts';
  const listed = async () => {
    const response = await fetch(`${sluice.url}/api/documents?collection=${collection}`);
    const { documents } = (await response.json()) as { documents: Document[] };
    return documents[0];
  };
  const textOf = async (id: string) => {
    const response = await fetch(`${sluice.url}/api/documents/${id}/chunks`);
    return ((await response.json()) as { chunks: Chunk[] }).chunks.map(({ text }) => text).join('\n');
  };
  const plain = await sluice.ended((await sluice.upload(page(), { collection })).job_id);
  expect(plain).toMatchObject({ status: 'completed', counts: { hidden_left_out: 1 } });
  expect(await textOf(plain.result!.document_id)).toBe('Seen by all.');
  expect(await listed()).not.toHaveProperty('include_hidden');

  const fields = { collection, include_hidden: 'true', on_duplicate: 'replace' };
  const whole = await sluice.ended((await sluice.upload(page(), fields)).job_id);
  expect(whole.counts).not.toHaveProperty('hidden_left_out');
  const { document_id } = whole.result!;
  expect(await textOf(document_id)).toBe('Seen by all.\n\nSeen by none.');
  expect(await listed()).toMatchObject({ include_hidden: true });
  const again = await fetch(`${sluice.url}/api/documents/${document_id}/reindex`, { method: 'POST' });
  expect(again.status).toBe(202);
  await sluice.ended(((await again.json()) as { job_id: string }).job_id);
  expect(await textOf(document_id)).toBe('Seen by all.\n\nSeen by none.');

  await sluice.ended((await sluice.upload(page(), { collection, on_duplicate: 'replace' })).job_id);
  expect(await listed()).not.toHaveProperty('include_hidden');
});

test('what stands under headings is stored with their path', async () => {
  const name = 'almanac.epub';
  const cited = await ingest(sluice, name, {
    chunking_strategy: 'markdown',
    chunk_size: '300',
    chunk_overlap: '0',
  });
  await expectExact(sluice, cited, name, await documentBytes(name));
  const [cup] = holding(cited.stored, 'The cup is a silver herring with a ruby for its eye');
  expect(cup?.metadata['heading']).toBe('The Orrin almanac > Feasts > The regatta');
});

test('rows that are cut from their header carry it, through Chroma and into what a search answers', async () => {
  const rows = Array.from(
    { length: 60 },
    (_, row) => `<tr><td>Resort ${row}</td><td>${1000 + row} m</td></tr>`,
  );
  const page = `<!doctype html><h1>Switzerland</h1><p>Where to go.</p><h2>Heights</h2><table><tr><th>Place</th><th>Above the sea</th></tr>${rows.join('')}</table><p>None is lower.</p>`;
  const cited = await ingest(sluice, new File([page], 'resorts.html'), {
    chunk_size: '200',
    chunk_overlap: '0',
  });
  await expectExact(sluice, cited, 'resorts.html', Buffer.from(page));

  const header = '| Place | Above the sea |';
  const cut = cited.stored.filter(({ text }) => text.startsWith('| Resort'));
  expect(cut.length).toBeGreaterThan(5);
  for (const { metadata } of cut)
    expect(metadata).toMatchObject({ context: header, heading: 'Switzerland > Heights' });
  const whole = cited.stored.filter((chunk) => !cut.includes(chunk));
  expect(whole.map(({ metadata }) => metadata['context'])).toEqual(whole.map(() => undefined));
  expect(new Set(cut.flatMap(({ text }) => text.split('\n'))).size).toBeGreaterThan(50);

  // What was embedded is the header with the rows: to nothing else is this as near.
  const { text, metadata } = cut[3]!;
  const response = await fetch(`${sluice.url}/api/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ collection: cited.collection, query: `${header}\n${text}`, limit: 1 }),
  });
  const { results } = (await response.json()) as SearchResponse;
  const { start, end, chunk_index, heading } = metadata;
  expect(results).toMatchObject([
    { text, context: header, heading, start, end, chunk_index, document_id: cited.documentId },
  ]);
  expect(results[0]!.score).toBeGreaterThan(0.9999);
});

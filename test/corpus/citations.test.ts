import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

import { expectExact, holding, ingest, type Cited } from '../helpers/documents/cited.ts';
import { corpusFile, corpusPath } from './corpus.ts';
import { useEmbeddings, useSluice } from '../helpers/servers/use.ts';

const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

async function cite(name: string, fields: Record<string, string>): Promise<Cited> {
  const cited = await ingest(sluice, await corpusFile(name), fields);
  await expectExact(sluice, cited, name, await readFile(corpusPath(name)));
  return cited;
}

/** Sentences as poppler extracts them, all far from page edges, because a chunk may cross those. */
const WORDS_OF_PAGES: readonly [words: string, page: number][] = [
  ['Our empirical results also suggest that additional pretraining may not be needed', 2],
  ['The questions were mined from real Google search queries', 4],
  ['building an inverted index using Lucene is much cheaper', 7],
  ['they introduced a late-interaction operator on top of the BERT encoders', 9],
  ['which is documented in our code release', 12],
];

test.each(['sentence', 'page', 'fixed'])(
  'what a PDF says is stored with the page it stands on, cut by %s',
  async (chunking_strategy) => {
    const { stored } = await cite('multi-column.pdf', { chunking_strategy });
    for (const [words, page] of WORDS_OF_PAGES) {
      const found = holding(stored, words);
      expect([words, ...new Set(found.map(({ metadata }) => metadata['page']))]).toEqual([words, page]);
    }
  },
);

test('what a sheet says is stored with its number and its title', async () => {
  const { stored } = await cite('stanley-cups.xlsx', { chunk_size: '64', chunk_overlap: '0' });
  const sheets = holding(stored, 'Maple Leafs');
  expect(sheets.map(({ metadata: { page, heading } }) => [page, heading])).toEqual([
    [1, 'Stanley Cups'],
    [2, 'Stanley Cups Since 67'],
  ]);
});

test('what stands under headings is stored with their path', async () => {
  const fields = { chunking_strategy: 'markdown', chunk_size: '300', chunk_overlap: '0' };
  const { stored } = await cite('winter-sports.epub', fields);
  const [puck] = holding(stored, 'The puck shall be made of india-rubber');
  expect(puck?.metadata['heading']).toBe(
    'WINTER SPORTS IN SWITZERLAND > CHAPTER V ICE-HOCKEY > Rules of Match Play',
  );
});

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ChromaClient } from 'chromadb';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { SearchResponse } from '../../src/contract/documents.ts';
import type { ParseResponse } from '../../src/contract/processor.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { corpusPath } from '../helpers/corpus.ts';
import { startEmbeddingsServer, type EmbeddingsServer } from '../helpers/embeddings-server.ts';
import { pptx } from '../helpers/office-files.ts';
import { startSluice, type TestSluice } from '../helpers/sluice.ts';

let embedder: EmbeddingsServer;
let sluice: TestSluice;
let redis: Redis;

beforeAll(async () => {
  embedder = await startEmbeddingsServer();
  sluice = await startSluice({ env: { EMBEDDINGS_URL: embedder.url } });
  redis = new Redis(sluice.redisUrl);
});
afterAll(async () => {
  redis?.disconnect();
  await sluice?.close();
  await embedder?.close();
});

/** A chunk as it lies in Chroma. */
interface Stored {
  id: string;
  text: string;
  metadata: Record<string, unknown> & { start: number; end: number };
}

interface Cited {
  parsed: ParseResponse;
  stored: Stored[];
  collection: string;
  documentId: string;
}

let collections = 0;

/** Uploads a file, and reads from Chroma what has become of it, in order. */
async function ingest(file: string | File, fields: Record<string, string>): Promise<Cited> {
  const collection = `cited-${collections++}`;
  const { job_id } = await sluice.upload(file, { collection, ...fields });
  const job = await sluice.ended(job_id);
  expect(job).toMatchObject({ status: 'completed' });
  const { document_id: documentId, chunk_count } = job.result!;
  const { hostname, port } = new URL(sluice.chromaUrl);
  const chroma = new ChromaClient({ host: hostname, port: Number(port) });
  const found = await (await chroma.getCollection({ name: collection })).get();
  expect(found.ids.length).toBe(chunk_count);
  const stored = found.ids.map((id, i) => ({
    id,
    text: found.documents[i]!,
    metadata: found.metadatas[i] as Stored['metadata'],
  }));
  stored.sort((a, b) => a.metadata.start - b.metadata.start);
  return { parsed: await sluice.parse(file), stored, collection, documentId };
}

/** Every chunk is the stretch of the text that it says, on the page and under the heading where it begins. */
async function expectExact(
  { parsed: { text, segments }, stored, documentId }: Cited,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const generation = await redis.hget(createKeys().document(documentId), 'generation');
  const contentHash = createHash('sha256').update(bytes).digest('hex');
  for (const [index, { id, text: own, metadata }] of stored.entries()) {
    const { start, end, context: _, ...labels } = metadata;
    expect(own).toBe(text.slice(start, end));
    const segment = segments.find((segment) => segment.start <= start && start < segment.end);
    expect(id).toBe(`${documentId}:${generation}:${index}`);
    expect(labels).toEqual({
      document_id: documentId,
      generation,
      chunk_index: index,
      filename: name,
      content_hash: contentHash,
      ...(segment?.page !== undefined && { page: segment.page }),
      ...(segment?.heading !== undefined && { heading: segment.heading }),
    });
  }
}

/** Those that hold the words, whatever blanks are between these. */
const holding = (stored: readonly Stored[], words: string) =>
  stored.filter(({ text }) => text.replaceAll(/\s+/g, ' ').includes(words));

/** As poppler has them, all far from the edges of their pages, where a chunk may go on over them. */
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
    const name = 'multi-column.pdf';
    const cited = await ingest(name, { chunking_strategy });
    await expectExact(cited, name, await readFile(corpusPath(name)));
    for (const [words, page] of WORDS_OF_PAGES) {
      const found = holding(cited.stored, words);
      expect([words, ...new Set(found.map(({ metadata }) => metadata['page']))]).toEqual([words, page]);
    }
  },
);

test('what a sheet or a slide says is stored with its number and its title', async () => {
  const name = 'stanley-cups.xlsx';
  const workbook = await ingest(name, { chunk_size: '64', chunk_overlap: '0' });
  await expectExact(workbook, name, await readFile(corpusPath(name)));
  const sheets = holding(workbook.stored, 'Maple Leafs');
  expect(sheets.map(({ metadata: { page, heading } }) => [page, heading])).toEqual([
    [1, 'Stanley Cups'],
    [2, 'Stanley Cups Since 67'],
  ]);

  const slides = ['First', 'Second', 'Third'].map((title) => ({
    title,
    text: `What the ${title} says.`,
    notes: `What is said to the ${title}.`,
  }));
  const show = pptx(slides);
  const shown = await ingest(new File([show], 'show.pptx'), { chunking_strategy: 'page' });
  await expectExact(shown, 'show.pptx', show);
  for (const [index, { title, text, notes }] of slides.entries()) {
    for (const words of [text, notes]) {
      const where = holding(shown.stored, words).map(({ metadata: { page, heading } }) => [page, heading]);
      expect([words, ...where]).toEqual([words, [index + 1, title]]);
    }
  }
});

test('what stands under headings is stored with their path', async () => {
  const name = 'winter-sports.epub';
  const cited = await ingest(name, { chunking_strategy: 'markdown', chunk_size: '300', chunk_overlap: '0' });
  await expectExact(cited, name, await readFile(corpusPath(name)));
  const [puck] = holding(cited.stored, 'The puck shall be made of india-rubber');
  expect(puck?.metadata['heading']).toBe(
    'WINTER SPORTS IN SWITZERLAND > CHAPTER V ICE-HOCKEY > Rules of Match Play',
  );
});

test('rows that are cut from their header carry it, through Chroma and into what a search answers', async () => {
  const rows = Array.from(
    { length: 60 },
    (_, row) => `<tr><td>Resort ${row}</td><td>${1000 + row} m</td></tr>`,
  );
  const page = `<!doctype html><h1>Switzerland</h1><p>Where to go.</p><h2>Heights</h2><table><tr><th>Place</th><th>Above the sea</th></tr>${rows.join('')}</table><p>None is lower.</p>`;
  const cited = await ingest(new File([page], 'resorts.html'), { chunk_size: '200', chunk_overlap: '0' });
  await expectExact(cited, 'resorts.html', Buffer.from(page));

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
  const answer = await fetch(`${sluice.url}/api/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ collection: cited.collection, query: `${header}\n${text}`, limit: 1 }),
  });
  const { results } = (await answer.json()) as SearchResponse;
  const { start, end, chunk_index, heading } = metadata;
  expect(results).toMatchObject([
    { text, context: header, heading, start, end, chunk_index, document_id: cited.documentId },
  ]);
  expect(results[0]!.score).toBeGreaterThan(0.9999);
});

import { expect, test } from 'vitest';

import type { ChunkList } from '../../../src/contract/documents.ts';
import { startEmbeddingsServer } from '../../helpers/servers/embeddings-server.ts';
import { use, useSluice } from '../../helpers/servers/use.ts';

const embedder = use(() => startEmbeddingsServer());
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

const SENTENCES = 3_000;
const CHANGED = 10;
const WORDS =
  'river stone lantern harbor violin meadow copper winter orchard signal paper garden bridge'.split(' ');

/** Makes a book whose sentences differ, in paragraphs of six. */
function book(changed: ReadonlySet<number>): File {
  const sentence = (i: number) => {
    if (changed.has(i)) return `A new sentence number ${i} speaks of ships and of the sea beyond them.`;
    const words = Array.from(
      { length: 8 + (i % 11) },
      (_, k) => WORDS[(i * 7 + k * (1 + (i % 5))) % WORDS.length],
    );
    return `Line ${i} holds ${words.join(' ')}.`;
  };
  const sentences = Array.from(
    { length: SENTENCES },
    (_, i) => `${sentence(i)}${i % 6 === 5 ? '\n\n' : ' '}`,
  );
  return new File([sentences.join('')], 'book.txt');
}

test('a book with ten changed sentences is embedded anew only where it changed', async () => {
  const fields = { collection: 'books', on_duplicate: 'replace' };
  const first = await sluice.ended((await sluice.upload(book(new Set()), fields)).job_id);
  expect(first).toMatchObject({ status: 'completed' });
  const { document_id, chunk_count } = first.result!;
  expect(chunk_count).toBeGreaterThan(500);
  expect(embedder.texts()).toBeGreaterThanOrEqual(chunk_count);

  const before = embedder.texts();
  const changed = new Set(Array.from({ length: CHANGED }, (_, i) => 300 + i * 250));
  const second = await sluice.ended((await sluice.upload(book(changed), fields)).job_id);
  expect(second).toMatchObject({ status: 'completed', result: { document_id } });
  expect(embedder.texts() - before).toBeGreaterThanOrEqual(CHANGED);
  expect(embedder.texts() - before).toBeLessThan(40);

  const texts: string[] = [];
  for (let cursor: string | undefined = '0'; cursor !== undefined;) {
    const response = await fetch(
      `${sluice.url}/api/documents/${document_id}/chunks?limit=1000&cursor=${cursor}`,
    );
    const list = (await response.json()) as ChunkList;
    texts.push(...list.chunks.map(({ text }) => text));
    cursor = list.next_cursor;
  }
  for (const i of changed)
    expect(texts.some((text) => text.includes(`A new sentence number ${i} `))).toBe(true);
  expect(texts.filter((text) => /Line (300|550) /.test(text))).toEqual([]);
});

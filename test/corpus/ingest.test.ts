import { expect, test } from 'vitest';

import type { Chunk } from '../../src/contract/documents.ts';
import { corpusFile } from './corpus.ts';
import { useEmbeddings, useSluice } from '../helpers/servers/use.ts';

const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

async function chunks(documentId: string): Promise<Chunk[]> {
  const all: Chunk[] = [];
  for (let cursor: string | undefined = '0'; cursor !== undefined;) {
    const response = await fetch(
      `${sluice.url}/api/documents/${documentId}/chunks?limit=1000&cursor=${cursor}`,
    );
    const page = (await response.json()) as { chunks: Chunk[]; next_cursor?: string };
    all.push(...page.chunks);
    cursor = page.next_cursor;
  }
  return all;
}

test.each([
  ['layout-parser-paper-fast.pdf', 2],
  ['multi-column.pdf', 13],
  ['korean-text-with-tables.pdf', undefined],
  ['copy-protected.pdf', 2],
  ['failure-after-repair.pdf', 76],
  ['DA-619p.pdf', 619],
  // A scan.
  ['loremipsum-flat.pdf', 1],
  ['sample-readme.md', undefined],
  ['umlauts-non-utf8.md', undefined],
  ['book-war-and-peace-1225p.txt', undefined],
  ['handbook-872p.docx', undefined],
  ['fake_table.docx', undefined],
  ['example-10k.html', undefined],
  ['fake-power-point.pptx', 1],
  ['stanley-cups.xlsx', undefined],
  ['stanley-cups.csv', undefined],
  ['simple.odt', undefined],
  ['fake-doc.rtf', undefined],
  ['winter-sports.epub', undefined],
  ['fake-email-b64.eml', undefined],
  ['fake-email-utf-16.eml', undefined],
])('%s completes, and every chunk is stored', async (name, lastPage) => {
  const { job_id } = await sluice.upload(await corpusFile(name), { collection: 'corpus' });
  const job = await sluice.ended(job_id, 110_000);
  expect(job).toMatchObject({ status: 'completed', progress: 100 });
  const stored = await chunks(job.result!.document_id);
  expect(stored.map(({ chunk_index }) => chunk_index)).toEqual(stored.map((_, i) => i));
  expect(stored.length).toBe(job.result!.chunk_count);
  const pages = stored.flatMap(({ page }) => page ?? []);
  expect(pages).toEqual([...pages].sort((a, b) => a - b));
  if (lastPage !== undefined) expect(pages.at(-1)).toBeLessThanOrEqual(lastPage);
  if (lastPage !== undefined && lastPage < 100) expect(pages.at(-1)).toBe(lastPage);
  expect(stored.map(({ text }) => text).join('')).not.toContain('\ufffd');
});

test.each([
  ['password.pdf', 'encrypted'],
  ['password_protected.xlsx', 'encrypted'],
])('%s fails with %s', async (name, code) => {
  const { job_id } = await sluice.upload(await corpusFile(name), { collection: 'corpus' });
  expect(await sluice.ended(job_id)).toMatchObject({ status: 'failed', error_code: code });
});

import { expect, test } from 'vitest';

import { laughingDocx, laughingPdf, pdfOfPages } from '../../helpers/documents/bombs.ts';
import { docx, zip } from '../../helpers/documents/office-files.ts';
import { pdf, PDF_CATALOGUE } from '../../helpers/documents/pdf-objects.ts';
import { expectSettled } from '../../helpers/stores/settled.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

const MIB = 1024 * 1024;

/** Made before anything is connected: that takes seconds, in which nothing else is done here. */
const HOSTILE: readonly [name: string, code: string, content: Uint8Array<ArrayBuffer> | string][] = [
  ['endless.pdf', 'no_text_layer', laughingPdf('')],
  ['pages.pdf', 'text_too_long', pdfOfPages('3 0 R '.repeat(100_000), 100_000)],
  ['deep.pdf', 'corrupt', pdf([PDF_CATALOGUE, '['.repeat(1_000_000)])],
  ['bomb.docx', 'text_too_long', docx('', { parts: { 'word/document.xml': Buffer.alloc(257 * MIB) } })],
  ['laughs.docx', 'corrupt', laughingDocx()],
  ['flood.rtf', 'text_too_long', `{\\rtf1 ${'{\\b x}\\par '.repeat(1_000_000)}}`],
  ['deep.html', 'corrupt', `<!doctype html>${'<div>'.repeat(100_000)}x`],
  ['archive.zip', 'unsupported_type', zip({ 'a.zip': zip({ 'b.txt': 'x'.repeat(10 * MIB) }) })],
];
const GOOD = ['readme.md', 'table.docx', 'regatta.xlsx', 'paper-2p.pdf'];

const embedder = useEmbeddings();
const sluice = useSluice(() => ({
  env: {
    EMBEDDINGS_URL: embedder.url,
    PROCESSOR_CHILDREN: '3',
    PROCESSOR_TIMEOUT_MS: '25000',
    MAX_TEXT_CHARS: '500000',
    MAX_RETRIES: '0',
  },
}));

test('hostile files fail, each by its own code; documents beside them come in as if they were alone', async () => {
  const roles = await sluice.rolePids();
  const hostile: [id: string, code: string][] = [];
  const good: string[] = [];
  for (const [name, code, content] of HOSTILE) {
    hostile.push([(await sluice.upload(new File([content], name))).job_id, code]);
    for (const name of GOOD) good.push((await sluice.upload(name, { on_duplicate: 'keep' })).job_id);
  }
  for (const id of good) {
    const job = await sluice.ended(id);
    expect(job).toMatchObject({ status: 'completed', run: 1, attempt: 1 });
    expect([job.retry_count ?? 0, job.stalls ?? 0]).toEqual([0, 0]);
  }
  for (const [id, code] of hostile) {
    const { status, error_code, filename } = await sluice.ended(id);
    expect([filename, status, error_code]).toEqual([filename, 'failed', code]);
  }
  expect(await sluice.rolePids()).toEqual(roles);
  await expectSettled(sluice, [...good, ...hostile.map(([id]) => id)]);
});

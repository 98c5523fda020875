import { readFile } from 'node:fs/promises';

import type { EmbeddingsServer } from '../../../helpers/servers/embeddings-server.ts';
import type { TestSluice } from '../../../helpers/servers/sluice.ts';
import { eventually } from '../../../helpers/servers/supervised.ts';
import type { TestPage } from '../test-page.ts';

/** A view in a state: its name, and its address within the page. */
export interface Scene {
  name: string;
  address: string;
  /** Prepares the answers of the server, before the view opens. */
  before?: (user: TestPage) => Promise<unknown>;
  /** Brings the open view into the state. */
  act?: (user: TestPage) => Promise<unknown>;
  /** Whether the page has no line, because it asks for a key or needs none. */
  isLocked?: boolean;
}

/** Duration of a call to the embedder in ms, so that jobs stay under way while they are looked at. */
const SLOW_MS = 60_000;
const BATCH = 'Spring reports';

/** What a server without documents shows. */
export const EMPTY_SCENES: readonly Scene[] = [
  { name: 'uploads-empty', address: '#/uploads' },
  { name: 'library-empty', address: '#/library' },
  { name: 'search-empty', address: '#/search' },
  { name: 'operations-empty', address: '#/operations' },
  { name: 'job-unknown', address: '#/job/no-such-job' },
  { name: 'batch-unknown', address: '#/batch/no-such-batch' },
  { name: 'document-unknown', address: '#/document/no-such-document' },
];

/** The page of all calls. */
export const DOCS: Scene = { name: 'docs', address: 'docs', isLocked: true };

/**
 * Fills a server with documents, failures and jobs under way, which stay under way.
 * @returns the views that show them
 */
export async function prepareBusyScenes(sluice: TestSluice, embedder: EmbeddingsServer): Promise<Scene[]> {
  const upload = async (file: string | File, fields: Record<string, string> = {}) =>
    (await sluice.upload(file, fields)).job_id;
  const documentOf = async (jobId: string) => (await sluice.ended(jobId)).result?.document_id ?? '';
  embedder.delayMs = 0;
  const paper = await documentOf(await upload('paper-2p.pdf', { metadata: '{"author":"Ada","year":1843}' }));
  const islands = await documentOf(await upload(await article(), { collection: 'islands' }));
  const failed = await upload('password.pdf', { batch: BATCH });
  await sluice.ended(failed);
  embedder.failNext(401);
  await sluice.ended(await upload(note('Minutes of March.txt'), { batch: BATCH }));
  for (let i = 1; i <= 4; i++)
    await sluice.ended(await upload(note(`Report of week ${i}.txt`), { batch: BATCH }));
  embedder.delayMs = SLOW_MS;
  const active = await upload('gazetteer-13p.pdf', { batch: BATCH });
  for (let i = 5; i <= 30; i++) await upload(note(`Report of week ${i}.txt`), { batch: BATCH });
  await eventually(async () => (await sluice.job(active)).stage === 'embed');
  return [
    { name: 'uploads-busy', address: '#/uploads' },
    { name: 'library', address: '#/library' },
    { name: 'library-collection', address: '#/library/default' },
    {
      name: 'document-pdf',
      address: `#/document/${paper}?chunk=2&page=1&view=original`,
      act: ({ page }) => page.locator('canvas[data-drawn="1"]').waitFor(),
    },
    { name: 'document-text', address: `#/document/${islands}?chunk=3&view=text` },
    { name: 'document-chunks', address: `#/document/${islands}?view=chunks` },
    // By words alone, because the embedder is slow here.
    { name: 'search', address: '#/search?collection=islands&q=lightship+lantern&mode=keyword' },
    { name: 'operations-busy', address: '#/operations' },
    { name: 'operations-failed', address: '#/operations?status=failed' },
    { name: 'job-active', address: `#/job/${active}` },
    { name: 'job-failed', address: `#/job/${failed}` },
    { name: 'batch-busy', address: `#/batch/${encodeURIComponent(BATCH)}` },
  ];
}

/** The article of the walk-through. */
async function article(): Promise<File> {
  const path = new URL('../../../documents/text/articles/sea.md', import.meta.url);
  return new File([await readFile(path)], 'sea.md', { type: 'text/markdown' });
}

function note(name: string): File {
  return new File([`${name} says what happened in that week. `.repeat(20)], name, { type: 'text/plain' });
}

import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';
import { note, serverCalls } from '../../e2e/client/library/server-calls.ts';
import { usePage } from '../../e2e/client/use-page.ts';

const user = usePage();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
const server = serverCalls(sluice);

const open = (id: string, query = '') => user.page.goto(`${sluice.url}/#/document/${id}${query}`);

/** Finds the process of Chroma among the children of the program. */
async function chromaPid(): Promise<number> {
  const children = await readFile(`/proc/${sluice.pid}/task/${sluice.pid}/children`, 'utf8');
  for (const pid of children.trim().split(' '))
    if ((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('cli.mjs\0run')) return Number(pid);
  throw new Error('no child runs Chroma');
}

test('an original that is gone is said, with what to do', async () => {
  const id = await server.ingest('paper-2p.pdf', { collection: 'lost' });
  const folder = join(sluice.dataDir, 'blobs', 'default');
  const stored = (await readdir(folder)).filter((name) => name.startsWith(id));
  expect(stored.length).toBeGreaterThan(0);
  for (const name of stored) await rm(join(folder, name), { recursive: true });
  await open(id, '?view=original');
  await user.page.getByText('The original is gone', { exact: true }).waitFor();
  await user.page.getByText('Replace the document to bring it back.').waitFor();
  // What Sluice read in it is still there.
  await user.page.getByRole('link', { name: 'Text', exact: true }).click();
  await user.page.locator('.read-text').getByText('TideReader').first().waitFor();
});

test('a PDF whose bytes stop coming is said, and opens once they come again', async () => {
  const id = await server.ingest('paper-2p.pdf', { collection: 'stalled' });
  // Neither a response nor an end.
  await user.page.route('**/content', () => new Promise(() => {}));
  await open(id, '?view=original');
  await user.page.getByText('The original cannot be read now', { exact: true }).waitFor();
  await user.page.getByText('The server sent nothing of the original for 15 s. Try again.').waitFor();
  await user.page.unroute('**/content');
  await user.page.getByRole('button', { name: 'Try again' }).click();
  await user.page.locator('canvas[data-drawn="1"]').waitFor();
});

test('a vector store that is away is said, and the text comes once it is back', async () => {
  const id = await server.ingest(note('waiting.md', 'A pear that waits is green.'), { collection: 'away' });
  const chroma = await chromaPid();
  process.kill(chroma, 'SIGSTOP');
  try {
    await open(id, '?view=text');
    const problem = user.page.locator('.problem');
    await problem.waitFor();
    expect(await problem.textContent()).toMatch(/vector store|respond/);
    await user.page.getByRole('heading', { name: 'waiting.md' }).waitFor();
    process.kill(chroma, 'SIGCONT');
    await problem.getByRole('button', { name: 'Try again' }).click();
    await user.page.getByText('A pear that waits is green.').waitFor();
  } finally {
    process.kill(chroma, 'SIGCONT');
  }
});

import { beforeEach, describe, expect, test } from 'vitest';

import type { DocumentList, Document } from '../../../src/contract/documents.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';
import { usePage } from './use-page.ts';

/** Long enough to be looked at while it is worked on. */
const LONG = 'gazetteer-13p.pdf';
/** Duration of a call in ms, so that a job shows its steps on any machine. */
const EMBEDDING_MS = 300;

const user = usePage();
const embedder = useEmbeddings({ dimensions: 512, delayMs: EMBEDDING_MS });
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
beforeEach(async () => {
  embedder.delayMs = EMBEDDING_MS;
  await user.page.goto(sluice.url);
  await user.mode('live').waitFor();
});

/** A text as the file chooser gives it. */
const text = (name: string, words = 40) => ({
  name,
  mimeType: 'text/plain',
  buffer: Buffer.from(`${name} says this. `.repeat(words)),
});
const chooser = () => user.page.getByLabel('Files to upload');

async function documents(collection: string): Promise<Document[]> {
  const response = await fetch(`${sluice.url}/api/documents?collection=${collection}`);
  return ((await response.json()) as DocumentList).documents;
}

/** Uploads into a collection of its own. */
async function into(collection: string): Promise<void> {
  await user.page.getByLabel('Collection', { exact: true }).fill(collection);
}

describe('an upload', () => {
  test('is seen moving, and ends with its chunks', async () => {
    await user.choose(LONG);
    const done = user.row(LONG, 'completed');
    await done.waitFor();
    const { result, status } = await sluice.job(await user.jobId(done));
    expect(status).toBe('completed');
    expect(await done.locator('.facts').textContent()).toContain(`${result?.chunk_count} chunks`);
    const link = await done.getByRole('link', { name: LONG, exact: true }).getAttribute('href');
    expect(link).toBe(`#/document/${result?.document_id}`);
    const { progress, modes } = await user.seen();
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(new Set(progress).size).toBeGreaterThanOrEqual(3);
    expect(modes).toEqual(['live']);
    expect(user.complaints).toEqual([]);
  });

  test('has the settings that the user chose', async () => {
    const { page } = user;
    await into('x');
    await chooser().setInputFiles([text('unsent.txt')]);
    await expect
      .poll(() => page.getByRole('alert').allTextContents())
      .toContainEqual(expect.stringContaining('3 to 512'));
    expect(await page.locator('.row[data-status=sending]').count()).toBe(0);

    await into('chosen');
    await page.getByText('More settings').click();
    await page.getByLabel('Cut by').selectOption('Pages');
    await page.getByLabel('Chunk size').fill('200');
    await page.getByLabel('Overlap').fill('20');
    await page.getByLabel('Metadata').fill('author = Ada\nyear = 1843\nchecked = true');
    await chooser().setInputFiles([text('chosen.txt')]);
    await user.row('chosen.txt', 'completed').waitFor();
    expect(await documents('chosen')).toMatchObject([
      {
        filename: 'chosen.txt',
        chunking_strategy: 'page',
        chunk_size: 200,
        chunk_overlap: 20,
        metadata: { author: 'Ada', year: 1843, checked: true },
      },
    ]);
    await page.getByLabel('If the document exists').selectOption('Keep both');
    await chooser().setInputFiles([text('chosen.txt')]);
    await expect.poll(async () => (await documents('chosen')).length).toBe(2);
    expect(await documents('unsent')).toEqual([]);
    expect(user.complaints).toEqual([]);
  });

  test('says in words why a file was refused, and why a job failed', async () => {
    await user.choose('empty.txt', 'password.pdf');
    const refused = user.row('empty.txt', 'refused');
    expect(await refused.locator('.message').textContent()).toBe('The file is empty.');
    const failed = user.row('password.pdf', 'failed');
    expect(await failed.locator('.message').textContent()).toContain(
      'The file is protected by a password. Upload it without one.',
    );
    // Neither can succeed.
    expect(await user.page.getByRole('button', { name: /Retry/ }).count()).toBe(0);
    await refused.getByRole('button', { name: 'Remove empty.txt' }).click();
    await expect.poll(() => user.names()).not.toContain('empty.txt');
    // The browser itself notes the response 400.
    expect(user.complaints).toEqual([expect.stringContaining('status of 400')]);
  });

  test('shows a name that looks like markup as text', async () => {
    const name = `<img src=x onerror="document.title='gotcha'"> & <b>co.md`;
    const buffer = Buffer.from(
      '# Hello <i>there</i>\n\nSome <script>text</script> to read, and then more of it.',
    );
    await chooser().setInputFiles({ name, mimeType: 'text/markdown', buffer });
    const done = user.row(name, 'completed');
    await done.waitFor();
    expect(await done.getByRole('heading').textContent()).toBe(name);
    expect(await user.page.locator('.row :is(img, b, i, script)').count()).toBe(0);
    expect(await user.page.title()).toBe('Sluice');
    expect(user.complaints).toEqual([]);
  });

  test('whose line is lost goes on by itself, as one document', async () => {
    await into('lost-line');
    const lost = Promise.withResolvers<void>();
    await user.page.route(
      '**/api/documents/upload',
      async (route) => {
        // The server takes it, and its response is lost.
        await route.fetch();
        await route.abort('connectionreset');
        lost.resolve();
      },
      { times: 1 },
    );
    await chooser().setInputFiles([text('lost.txt')]);
    await lost.promise;
    await user.row('lost.txt', 'completed').waitFor();
    expect(await documents('lost-line')).toHaveLength(1);
    await expect.poll(async () => (await user.names()).filter((name) => name === 'lost.txt')).toHaveLength(1);
  });

  test('can be paused, resumed and given up before it is accepted', async () => {
    await into('paused');
    const held = Promise.withResolvers<void>();
    await user.page.route('**/api/documents/upload', async (route) => {
      await held.promise;
      // A paused upload has no request any more.
      await route.continue().catch(() => {});
    });
    await chooser().setInputFiles([text('goes-on.txt'), text('given-up.txt')]);
    await user.row('goes-on.txt', 'sending').waitFor();
    await user.page.getByRole('button', { name: 'Pause all' }).click();
    await user.row('goes-on.txt', 'paused').waitFor();
    await user.row('given-up.txt', 'paused').getByRole('button', { name: 'Cancel given-up.txt' }).click();
    await expect.poll(() => user.row('given-up.txt').count()).toBe(0);
    held.resolve();
    await user.row('goes-on.txt', 'paused').getByRole('button', { name: 'Resume goes-on.txt' }).click();
    await user.row('goes-on.txt', 'completed').waitFor();
    expect((await documents('paused')).map(({ filename }) => filename)).toEqual(['goes-on.txt']);
  });
});

test('cancelled after its last byte, a file is cancelled at the server', async () => {
  embedder.delayMs = 20_000;
  await into('too-late');
  const pid = await sluice.rolePid('api');
  process.kill(pid, 'SIGSTOP');
  try {
    await chooser().setInputFiles([text('too-late.txt')]);
    const sending = user.page.locator('.row[data-status=sending]');
    await expect
      .poll(() => sending.locator('.facts').textContent())
      .toContain('Waits until the server has stored it');
    await sending.getByRole('button', { name: 'Cancel too-late.txt' }).click();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const row = user.row('too-late.txt', 'cancelled');
  expect(await sluice.job(await user.jobId(row))).toMatchObject({ error_code: 'cancelled' });
});

test('the settings of the next files stay while the user looks at another view', async () => {
  await into('kept');
  await user.page.getByRole('link', { name: 'Search' }).click();
  await user.page.getByLabel('What are you looking for?').waitFor();
  await user.page.getByRole('link', { name: 'Uploads' }).click();
  expect(await user.page.getByLabel('Collection', { exact: true }).inputValue()).toBe('kept');
  await user.page.goto(`${sluice.url}/#/uploads?collection=named`);
  await expect.poll(() => user.page.getByLabel('Collection', { exact: true }).inputValue()).toBe('named');
});

describe('a job', () => {
  test('is cancelled at once, and undone', async () => {
    embedder.delayMs = 20_000;
    await chooser().setInputFiles([text('cancelled.txt')]);
    const row = user.row('cancelled.txt', 'processing');
    const id = await user.jobId(row);
    await row.getByRole('button', { name: 'Cancel cancelled.txt' }).click();
    await user.row('cancelled.txt', 'cancelled').waitFor();
    expect(await sluice.job(id)).toMatchObject({ status: 'failed', error_code: 'cancelled' });
    embedder.delayMs = 0;
    await user.page.getByRole('button', { name: 'Undo' }).click();
    await user.row('cancelled.txt', 'completed').waitFor();
    expect(await sluice.job(id)).toMatchObject({ status: 'completed', run: 2 });
  });

  test('that failed for a passing reason is retried', async () => {
    embedder.delayMs = 0;
    embedder.failNext(401, {}, 1);
    await chooser().setInputFiles([text('refused-once.txt')]);
    const failed = user.row('refused-once.txt', 'failed');
    const id = await user.jobId(failed);
    await failed.getByRole('button', { name: 'Retry refused-once.txt' }).click();
    await user.row('refused-once.txt', 'completed').waitFor();
    expect(await sluice.job(id)).toMatchObject({ status: 'completed', run: 2 });
  });
});

test('a first user tries the sample document', async () => {
  const { page } = user;
  // The list is empty only before the other tests, so a server without jobs stands behind this page.
  await page.routeWebSocket('**/ws', () => {});
  await page.route('**/api/jobs?*', (route) =>
    route.fulfill({ json: { jobs: [] }, headers: { etag: '"a-1"' } }),
  );
  await page.route('**/api/events?*', (route) => route.abort());
  await page.reload();
  await page.getByRole('button', { name: 'Try a sample document' }).click();
  await expect
    .poll(async () => (await documents('default')).map(({ filename }) => filename), { timeout: 30_000 })
    .toContain('sample-tides.md');
});

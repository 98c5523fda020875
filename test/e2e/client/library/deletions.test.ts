import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';

import { bearer, makeKey } from '../../../helpers/clients/api-keys.ts';
import { useEmbeddings, useFolder, useSluice } from '../../../helpers/servers/use.ts';
import { usePage } from '../use-page.ts';
import { note, serverCalls } from './server-calls.ts';

const user = usePage();
const embedder = useEmbeddings();

const rows = () => user.page.locator('[data-document]');
const row = (name: string) => rows().filter({ has: user.page.getByRole('link', { name, exact: true }) });
const shown = () => rows().locator('.name a').allTextContents();

describe('with all rights', () => {
  const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
  const server = serverCalls(sluice);
  const words = () => user.page.locator('.toast').filter({ hasText: 'The server did not say' });

  test('a deletion of chosen documents reaches the server, after the time to undo it', async () => {
    for (const name of ['a.md', 'b.md', 'c.md']) await server.ingest(note(name), { collection: 'several' });
    await user.page.goto(`${sluice.url}/#/library/several`);
    await row('a.md').getByLabel('Choose a.md').check();
    await row('b.md').getByLabel('Choose b.md').check();
    await user.page.getByRole('button', { name: 'Delete 2 documents' }).click();
    await expect.poll(shown).toEqual(['c.md']);
    expect(await server.names('several')).toEqual(['c.md', 'b.md', 'a.md']);
    await expect.poll(() => server.names('several')).toEqual(['c.md']);
    await expect
      .poll(() => user.page.locator('.collection-summary .facts').textContent())
      .toContain('1 document');
    expect(await shown()).toEqual(['c.md']);
    expect(user.complaints).toEqual([]);
  });

  test('a deletion that is undone never reaches the server', async () => {
    await server.ingest(note('kept.md'), { collection: 'undone' });
    await server.ingest(note('gone.md'), { collection: 'undone' });
    await user.page.goto(`${sluice.url}/#/library/undone`);
    await user.page.getByRole('button', { name: 'Delete kept.md' }).click();
    await expect.poll(shown).toEqual(['gone.md']);
    await user.page.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect.poll(shown).toEqual(['gone.md', 'kept.md']);
    // A later deletion is sent later. By then, the undone one would have been, too.
    await user.page.getByRole('button', { name: 'Delete gone.md' }).click();
    await expect.poll(() => server.names('undone')).toEqual(['kept.md']);
    expect(await shown()).toEqual(['kept.md']);
    expect(user.complaints).toEqual([]);
  });

  test('a deletion that waits makes the browser ask before the page is left', async () => {
    await server.ingest(note('waiting.md'), { collection: 'left' });
    await user.page.goto(`${sluice.url}/#/library/left`);
    await user.page.getByRole('button', { name: 'Delete waiting.md' }).click();
    const asked = user.page.waitForEvent('dialog');
    await user.page.close({ runBeforeUnload: true });
    const dialog = await asked;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    await expect.poll(() => server.status('/api/collections/left')).toBe(404);
    // Nothing waits any more: the page leaves without a question.
    const closed = user.page.waitForEvent('close');
    await expect.poll(() => user.page.locator('.toast').count()).toBe(0);
    await user.page.close({ runBeforeUnload: true });
    await closed;
  });

  test('a deletion whose response is lost is done if the server has done it, and no row claims the contrary', async () => {
    await server.ingest(note('unheard.md'), { collection: 'unheard' });
    await server.ingest(note('stays.md'), { collection: 'unheard' });
    await user.page.goto(`${sluice.url}/#/library/unheard`);
    await user.page.route('**/api/documents/delete', async (route) => {
      await route.fetch();
      await route.abort();
    });
    await user.page.getByRole('button', { name: 'Delete unheard.md' }).click();
    await words().waitFor();
    await expect.poll(shown).toEqual(['stays.md']);
    expect(await server.names('unheard')).toEqual(['stays.md']);
    expect(await user.page.getByText('Not deleted').count()).toBe(0);
  });

  test('a deletion whose response is lost is not done if it never reached the server, and the row is back as soon as the line is', async () => {
    await server.ingest(note('unsent.md'), { collection: 'unsent' });
    await user.page.goto(`${sluice.url}/#/library/unsent`);
    await user.page.getByRole('button', { name: 'Delete unsent.md' }).click();
    await row('unsent.md').waitFor({ state: 'detached' });
    await user.page.context().setOffline(true);
    await words().waitFor();
    await user.mode('offline').waitFor();
    await server.ingest(note('meanwhile.md'), { collection: 'unsent' });
    await user.page.context().setOffline(false);
    await expect.poll(shown).toEqual(['meanwhile.md', 'unsent.md']);
    expect(await server.names('unsent')).toEqual(['meanwhile.md', 'unsent.md']);
    await expect.poll(() => user.page.locator('.problem').count()).toBe(0);
  });
});

describe('with a key that may only read', () => {
  const reader = makeKey('reader', ['read']);
  const writer = makeKey('writer', ['upload', 'read']);
  const keyFile = join(useFolder(), 'keys.json');
  beforeAll(() => writeFile(keyFile, JSON.stringify([reader.entry, writer.entry])));
  const sluice = useSluice(() => ({ env: { API_KEYS: keyFile, EMBEDDINGS_URL: embedder.url } }));

  test('a refused deletion brings the row back with the reason', async () => {
    const body = new FormData();
    body.append('file', note('stays.md'));
    body.append('collection', 'refused');
    const headers = bearer(writer.token);
    const path = `${sluice.url}/api/documents/upload`;
    expect((await fetch(path, { method: 'POST', body, headers })).status).toBe(202);

    await user.page.goto(`${sluice.url}/#/library/refused`);
    await user.page.locator('#key-input').fill(reader.token);
    await user.page.getByRole('button', { name: 'Use this key' }).click();
    await row('stays.md').waitFor();
    await user.page.getByRole('button', { name: 'Delete stays.md' }).click();
    await row('stays.md').waitFor({ state: 'detached' });
    await row('stays.md').waitFor();
    expect(await row('stays.md').locator('.field-error').textContent()).toMatch(/^Not deleted: \S/);
    const list = await fetch(`${sluice.url}/api/documents?collection=refused`, { headers });
    expect(await list.json()).toMatchObject({ documents: [{ filename: 'stays.md' }] });
  });
});

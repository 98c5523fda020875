import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

import { bearer, makeKey } from '../../helpers/clients/api-keys.ts';
import { createTestPage } from '../client/test-page.ts';
import { useBrowser } from '../client/use-page.ts';
import { useEmbeddings, useFolder, useSluice } from '../../helpers/servers/use.ts';

const PAPER = 'paper-2p.pdf';
const user = makeKey('user', ['upload', 'read']);
const operator = makeKey('operator', ['admin']);

const keyFile = join(useFolder(), 'keys.json');
beforeAll(() => writeFile(keyFile, JSON.stringify([user.entry, operator.entry])));
const browser = useBrowser();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { API_KEYS: keyFile, EMBEDDINGS_URL: embedder.url } }));

test('the page asks for a key, keeps it for the tab, and asks again once it is revoked', async () => {
  const visitor = await createTestPage(browser);
  const { page } = visitor;
  await page.goto(sluice.url);
  const field = page.getByLabel('Key', { exact: true });
  await field.fill('wrong');
  await page.getByRole('button', { name: 'Use this key' }).click();
  await page.getByText('The server does not take this key.').waitFor();
  // Chromium closes a dialog at the second Escape. The page would wait for a key that nobody can enter.
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await field.fill(user.token);
  await page.getByRole('button', { name: 'Use this key' }).click();
  await visitor.mode('live').waitFor();

  await visitor.choose(PAPER);
  await visitor.row(PAPER, 'completed').waitFor();
  await page.getByRole('link', { name: 'Search' }).click();
  await page.getByLabel('What are you looking for?').fill('document');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.locator('.hit').first().waitFor();

  await page.reload();
  await visitor.mode('live').waitFor();
  expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain(user.token);
  expect(page.url()).not.toContain(user.token);
  const other = await page.context().newPage();
  await other.goto(sluice.url);
  await other.getByText('This server asks for a key.').waitFor();

  await writeFile(keyFile, JSON.stringify([operator.entry]));
  // The banner names the process that everybody signals.
  process.kill(Number(/or kill (\d+)/.exec(sluice.output())?.[1]), 'SIGHUP');
  await page.getByText('The server does not take this key.').waitFor();
  expect(await visitor.mode('live').count()).toBe(0);
  expect((await fetch(`${sluice.url}/api/jobs`, { headers: bearer(user.token) })).status).toBe(401);
  expect((await fetch(`${sluice.url}/metrics`, { headers: bearer(operator.token) })).status).toBe(200);
  for (const { token } of [user, operator]) expect(sluice.output()).not.toContain(token);
  await visitor.close();
});

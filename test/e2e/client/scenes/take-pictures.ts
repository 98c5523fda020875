import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { startBrowser } from '../../../helpers/clients/browser.ts';
import { startEmbeddingsServer } from '../../../helpers/servers/embeddings-server.ts';
import { startSluice, type TestSluice } from '../../../helpers/servers/sluice.ts';
import { buildPage } from '../built-page.ts';
import { createTestPage } from '../test-page.ts';
import { EMPTY_SCENES, prepareBusyScenes, type Scene } from './scenes.ts';

// Takes pictures of each view in each state, on a phone and a desk, in both themes.
const ROOT = join(import.meta.dirname, '../../../..');
/** Git ignores this folder. */
const FOLDER = join(ROOT, '.pictures');
/** The two that README.md shows. */
const SHOWN: Record<string, string> = {
  'uploads-busy-desk-light': join(ROOT, 'client/picture.png'),
  'document-pdf-desk-light': join(ROOT, 'client/picture-search.png'),
};
const SIZES = { desk: { width: 1280, height: 860 }, phone: { width: 360, height: 740 } };
/** Time in ms in which a view loads what it shows. */
const SETTLE_MS = 1500;

await buildPage();
await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER);
await using ending = new AsyncDisposableStack();
const browser = await startBrowser();
ending.defer(() => browser.close());
const embedder = await startEmbeddingsServer({ dimensions: 512 });
ending.defer(() => embedder.close());
const env = { EMBEDDINGS_URL: embedder.url };

const empty = await startSluice({ env });
ending.defer(() => empty.close());
await take(empty, EMPTY_SCENES);
const busy = await startSluice({ env });
ending.defer(() => busy.close());
await take(busy, await prepareBusyScenes(busy, embedder));

const api = await busy.rolePid('api');
const offline = [{ name: 'uploads-offline', address: '#/uploads' }];
await take(busy, offline, async () => {
  process.kill(api, 'SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 12_000));
}).finally(() => process.kill(api, 'SIGCONT'));
console.log(`The pictures are in ${FOLDER}.`);

/** @param before called once all pages are open, before the pictures */
async function take(
  sluice: TestSluice,
  scenes: readonly Scene[],
  before?: () => Promise<void>,
): Promise<void> {
  const open = [];
  for (const [size, viewport] of Object.entries(SIZES))
    for (const colorScheme of ['light', 'dark'] as const)
      for (const { name, address } of scenes) {
        const user = await createTestPage(browser, { viewport, colorScheme });
        await user.page.goto(`${sluice.url}/${address}`);
        await user.mode('live').waitFor();
        open.push({ user, name: `${name}-${size}-${colorScheme}` });
        if (!before) await snap(open.pop()!);
      }
  await before?.();
  for (const each of open) await snap(each);
}

async function snap({ user, name }: { user: Awaited<ReturnType<typeof createTestPage>>; name: string }) {
  await user.page.waitForTimeout(SETTLE_MS);
  await user.page.screenshot({ path: join(FOLDER, `${name}.png`) });
  const shown = SHOWN[name];
  if (shown) await user.page.screenshot({ path: shown });
  for (const complaint of user.complaints) console.warn(`${name}: ${complaint}`);
  await user.close();
}

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { makeKey } from '../../../helpers/clients/api-keys.ts';
import { startBrowser } from '../../../helpers/clients/browser.ts';
import { startEmbeddingsServer } from '../../../helpers/servers/embeddings-server.ts';
import { startSluice, type TestSluice } from '../../../helpers/servers/sluice.ts';
import buildPage from '../built-page.ts';
import { createTestPage } from '../test-page.ts';
import { openScene } from './open-scene.ts';
import { EMPTY_SCENES, prepareBusyScenes, type Scene } from './scenes.ts';
import { ingestImage, keyScenes, stateScenes } from './states.ts';

// Takes pictures of each view in each state, on a phone and a desk, in both themes. An argument selects some by their names.
const WANTED = new RegExp(process.argv[2] ?? '');
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
const image = await ingestImage(busy);
const views = await prepareBusyScenes(busy, embedder);
await take(busy, [...views, ...stateScenes(busy, views, image)]);

const key = makeKey('reader', ['upload', 'read']);
const keyFile = join(FOLDER, 'keys.json');
await writeFile(keyFile, JSON.stringify([key.entry]));
const locked = await startSluice({ env: { ...env, API_KEYS: keyFile } });
ending.defer(() => locked.close());
await take(locked, keyScenes(key.token));
console.log(`The pictures are in ${FOLDER}.`);

async function take(sluice: TestSluice, scenes: readonly Scene[]): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES))
    for (const colorScheme of ['light', 'dark'] as const)
      for (const scene of scenes) {
        const name = `${scene.name}-${size}-${colorScheme}`;
        if (!WANTED.test(name)) continue;
        const user = await createTestPage(browser, { viewport, colorScheme });
        await openScene(user, sluice.url, scene);
        await snap({ user, name });
      }
}

async function snap({ user, name }: { user: Awaited<ReturnType<typeof createTestPage>>; name: string }) {
  await user.page.waitForTimeout(SETTLE_MS);
  await user.page.screenshot({ path: join(FOLDER, `${name}.png`) });
  const shown = SHOWN[name];
  if (shown) await user.page.screenshot({ path: shown });
  for (const complaint of user.complaints) console.warn(`${name}: ${complaint}`);
  await user.close();
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';

import { HeldQueue } from '../../e2e/client/jobs/held-queue.ts';
import { faultsOf, NARROW, WIDE, type Appearance } from '../../e2e/client/scenes/scene-faults.ts';
import { DOCS, EMPTY_SCENES, prepareBusyScenes, type Scene } from '../../e2e/client/scenes/scenes.ts';
import { ingestImage, keyScenes, stateScenes } from '../../e2e/client/scenes/states.ts';
import { useBrowser } from '../../e2e/client/use-page.ts';
import { makeKey } from '../../helpers/clients/api-keys.ts';
import { useEmbeddings, useFolder, useSluice } from '../../helpers/servers/use.ts';

const APPEARANCES: [string, Appearance][] = [WIDE, NARROW].flatMap((viewport) =>
  (['light', 'dark'] as const).map((colorScheme): [string, Appearance] => [
    `${colorScheme} at ${viewport.width} px`,
    { viewport, colorScheme },
  ]),
);
const browser = useBrowser();
const embedder = useEmbeddings({ dimensions: 512 });

describe('no view has an accessibility fault', () => {
  describe('on an empty server, and where no worker runs', () => {
    const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
    test.each(APPEARANCES)('%s', async (_, appearance) => {
      expect(await faultsOf(browser, sluice.url, EMPTY_SCENES, appearance)).toEqual([]);
    });
    test.each(APPEARANCES)('standstill, %s', async (_, appearance) => {
      await using held = await HeldQueue.start(sluice);
      const id = await held.upload('unclaimed.txt');
      const scene: Scene = {
        name: 'operations-standstill',
        address: '#/operations',
        act: ({ page }) => page.locator('.standstill').waitFor(),
      };
      expect(await faultsOf(browser, sluice.url, [scene], appearance)).toEqual([]);
      await fetch(`${sluice.url}/api/jobs/${id}/cancel`, { method: 'POST' });
    });
  });

  describe('on a busy server with failures, in any state', () => {
    const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
    let scenes: Scene[] = [];
    beforeAll(async () => {
      const image = await ingestImage(sluice);
      const views = await prepareBusyScenes(sluice, embedder);
      scenes = [...views, ...stateScenes(sluice, views, image), DOCS];
    });
    test.each(APPEARANCES)('%s', async (_, appearance) => {
      expect(await faultsOf(browser, sluice.url, scenes, appearance)).toEqual([]);
    });
  });

  describe('on a server that asks for a key', () => {
    const reader = makeKey('reader', ['upload', 'read']);
    const keyFile = join(useFolder(), 'keys.json');
    beforeAll(() => writeFile(keyFile, JSON.stringify([reader.entry])));
    const sluice = useSluice(() => ({ env: { API_KEYS: keyFile } }));
    test.each(APPEARANCES)('%s', async (_, appearance) => {
      expect(await faultsOf(browser, sluice.url, keyScenes(reader.token), appearance)).toEqual([]);
    });
  });
});

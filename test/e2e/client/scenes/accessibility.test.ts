import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Result } from 'axe-core';
import { expect, test } from 'vitest';

import { startBrowser } from '../../../helpers/clients/browser.ts';
import { use, useEmbeddings, useSluice } from '../../../helpers/servers/use.ts';
import { buildPage } from '../built-page.ts';
import { createTestPage } from '../test-page.ts';
import { EMPTY_SCENES, prepareBusyScenes, type Scene } from './scenes.ts';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Each theme once, and each width once. */
const APPEARANCES = [
  { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' },
  { viewport: { width: 320, height: 640 }, colorScheme: 'light' },
] as const;

const browser = use(async () => {
  await buildPage();
  return startBrowser();
});
const embedder = useEmbeddings({ dimensions: 512 });
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

/** Returns what axe-core finds in each scene, in each appearance. */
async function faultsOf(scenes: readonly Scene[]): Promise<string[]> {
  const faults: string[] = [];
  for (const { viewport, colorScheme } of APPEARANCES) {
    const user = await createTestPage(browser, { viewport, colorScheme });
    for (const { name, address } of scenes) {
      await user.page.goto(`${sluice.url}/${address}`);
      await user.mode('live').waitFor();
      // Several parts of a view may load.
      await expect.poll(() => user.page.locator('main :is([aria-busy=true], .notice)').count()).toBe(0);
      await user.page.evaluate(AXE);
      const { violations } = await user.page.evaluate<{ violations: Result[] }>('axe.run()');
      for (const { id, nodes } of violations)
        for (const { target, failureSummary } of nodes)
          faults.push(
            `${name} ${viewport.width} ${colorScheme}: ${id} ${target.join(' ')}: ${failureSummary}`,
          );
      const width = await user.page.evaluate<number>('document.documentElement.scrollWidth');
      if (width > viewport.width) faults.push(`${name} ${viewport.width}: it is ${width} wide`);
    }
    await user.close();
  }
  return faults;
}

test('no view of an empty server has an accessibility fault', async () => {
  expect(await faultsOf(EMPTY_SCENES)).toEqual([]);
});

test('no view of a busy server with failures has one', async () => {
  expect(await faultsOf(await prepareBusyScenes(sluice, embedder))).toEqual([]);
});

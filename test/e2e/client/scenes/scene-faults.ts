import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Result } from 'axe-core';
import type { Browser } from 'playwright-core';

import { createTestPage } from '../test-page.ts';
import { openScene } from './open-scene.ts';
import type { Scene } from './scenes.ts';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const WIDE = { width: 1280, height: 860 };
/** Width of the smallest phone, and of a page that is zoomed to 400 %. */
export const NARROW = { width: 320, height: 640 };

/** A theme and a window. */
export interface Appearance {
  viewport: { width: number; height: number };
  colorScheme: 'dark' | 'light';
}

/** Returns what axe-core finds in each scene, and which scenes are wider than the window. */
export async function faultsOf(
  browser: Browser,
  url: string,
  scenes: readonly Scene[],
  { viewport, colorScheme }: Appearance,
): Promise<string[]> {
  const faults: string[] = [];
  let user = await createTestPage(browser, { viewport, colorScheme, reducedMotion: 'reduce' });
  for (const scene of scenes) {
    const name = `${scene.name} ${viewport.width} ${colorScheme}`;
    await openScene(user, url, scene).catch((cause: unknown) => {
      faults.push(`${name} does not open: ${String(cause)}`);
    });
    await user.page.evaluate(AXE);
    const { violations } = await user.page.evaluate<{ violations: Result[] }>('axe.run()');
    for (const { id, nodes } of violations)
      for (const { target, failureSummary } of nodes)
        faults.push(`${name}: ${id} ${target.join(' ')}: ${failureSummary}`);
    const width = await user.page.evaluate<number>('document.documentElement.scrollWidth');
    if (width > viewport.width) faults.push(`${name}: it is ${width} wide`);
    if (!scene.before && !scene.act) continue;
    // Another state needs a page that was in none.
    await user.close();
    user = await createTestPage(browser, { viewport, colorScheme, reducedMotion: 'reduce' });
  }
  await user.close();
  return faults;
}

import type { TestPage } from '../test-page.ts';
import type { Scene } from './scenes.ts';

/** Opens a view, waits until it has loaded, and brings it into the state of the scene. */
export async function openScene(user: TestPage, url: string, scene: Scene): Promise<void> {
  const { address, before, act } = scene;
  await before?.(user);
  await user.page.goto(`${url}/${address}`);
  if (!before && !scene.isLocked) {
    await user.mode('live').waitFor();
    // Several parts of a view may load.
    await user.page.locator('main :is([aria-busy=true], .notice)').first().waitFor({ state: 'detached' });
  }
  await act?.(user);
}

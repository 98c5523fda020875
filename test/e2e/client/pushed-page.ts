import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';

import { startBrowser } from '../../helpers/clients/browser.ts';
import { buildPage } from './built-page.ts';
import { servePage, snapshot, standInFor, state, type StandIn } from './stand-in-server.ts';
import { createTestPage, GENEROUS_MS, type TestPage } from './test-page.ts';

/** A page whose server is stood in for, anew for each test. */
export interface PushedPage {
  url: string;
  user: TestPage;
  server: StandIn;
  /** Opens the page: it remembers the job `pushed`, and is sent its version 5 of the epoch `first`. */
  open(): Promise<void>;
  /** Opens the page as one that remembers these uploads, ids with their files' names: its second connection. */
  openRemembering(filenames: Record<string, string>): Promise<void>;
  /** Waits until the card of `pushed` shows a message. */
  shows(message: string): Promise<void>;
}

/** Prepares a {@link PushedPage} for every test of the file. @returns it, to be used within tests only */
export function pushedPage(): PushedPage {
  let served: Awaited<ReturnType<typeof servePage>> | undefined;
  let browser: Browser | undefined;
  const my = {
    async open() {
      const { server } = my;
      await my.openRemembering({ pushed: 'pushed.pdf' });
      server.welcome('first');
      expect(await server.subscription(1)).toEqual({
        type: 'subscribe',
        id: 1,
        channel: 'jobs',
        jobs: ['pushed'],
      });
      server.send(snapshot(5, state(5, 60)));
      await my.shows('version 5');
    },
    async openRemembering(filenames) {
      const { url, user, server } = my;
      await user.page.goto(url);
      // The page connects when it has read its settings, which may be after it has loaded.
      await server.connected(1);
      await user.remember(filenames);
      await user.page.reload();
      await server.connected(2);
    },
    async shows(message) {
      const shown = () => my.user.card('pushed.pdf').locator('.message').textContent();
      await expect.poll(shown, { timeout: GENEROUS_MS }).toBe(message);
    },
  } as PushedPage;

  beforeAll(async () => {
    await buildPage();
    served = await servePage();
    browser = await startBrowser();
    my.url = served.url;
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });
  beforeEach(async () => {
    my.user = await createTestPage(browser!);
    my.server = await standInFor(my.user.page);
  });
  afterEach(() => my.user.close());
  return my;
}

import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';

import { startBrowser } from '../../helpers/clients/browser.ts';
import { recordStates, type ShownStates } from './shown-states.ts';
import { servePage, snapshot, standInFor, state, type StandIn } from './stand-in-server.ts';
import { createTestPage, GENEROUS_MS, type TestPage } from './test-page.ts';

/** A page whose server is stood in for, anew for each test. */
export interface PushedPage {
  /** Address of the page's server. */
  origin: string;
  /** Address of the view of the job `pushed`. */
  url: string;
  user: TestPage;
  server: StandIn;
  /** Opens the view of the job `pushed`, and is sent its version 5 of the epoch `first`: the first connection. */
  open(): Promise<void>;
  /** The view of the job, once it has that status. */
  job(status?: string): Locator;
  /** Waits until the view shows a message. */
  shows(message: string): Promise<void>;
  /** What the view has shown so far. */
  shown(): Promise<ShownStates>;
}

/** Prepares a {@link PushedPage} for every test of the file. @returns it, to be used within tests only */
export function pushedPage(): PushedPage {
  let served: Awaited<ReturnType<typeof servePage>> | undefined;
  let browser: Browser | undefined;
  const my = {
    async open() {
      const { server } = my;
      await my.user.page.goto(my.url);
      await server.connected(1);
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
    job: (status) => my.user.page.locator(status === undefined ? '.job' : `.job[data-status="${status}"]`),
    async shows(message) {
      const shown = () => my.job().locator('.message').textContent();
      await expect.poll(shown, { timeout: GENEROUS_MS }).toBe(message);
    },
  } as PushedPage;

  beforeAll(async () => {
    served = await servePage();
    browser = await startBrowser();
    my.origin = served.url;
    my.url = `${served.url}/#/job/pushed`;
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });
  beforeEach(async () => {
    my.user = await createTestPage(browser!);
    my.shown = await recordStates(my.user.page);
    my.server = await standInFor(my.user.page);
  });
  afterEach(() => my.user.close());
  return my;
}

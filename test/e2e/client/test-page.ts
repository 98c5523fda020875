import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

import { documentPath } from '../../documents/documents.ts';

/** How long the page may take for anything: a whole job included. */
export const GENEROUS_MS = 60_000;

/** Runs in the page: records every percent of a job's progress bar, and every state of the connection's sign. */
const RECORD = `
  window.seen = { progress: [], modes: [] };
  document.addEventListener('DOMContentLoaded', () => {
    const note = (element) => {
      if (element.id === 'connection') window.seen.modes.push(element.dataset.mode);
      if (element.role !== 'progressbar' || !element.ariaLabel.startsWith('Progress of')) return;
      window.seen.progress.push(Number(element.ariaValueNow));
    };
    new MutationObserver((changes) => {
      for (const { target, type, addedNodes } of changes) {
        if (type === 'attributes') note(target);
        for (const node of addedNodes)
          if (node instanceof Element)
            for (const bar of node.querySelectorAll('[role=progressbar]')) note(bar);
      }
    }).observe(document.body, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ['aria-valuenow', 'data-mode'],
    });
  });
`;

/** The web page as somebody sees it who has never been there before. */
export interface TestPage {
  page: Page;
  /** What the browser complained of: errors of the console, of scripts, of the content policy. */
  complaints: string[];
  /** The connection's sign, once it says so. */
  mode(name: string): Locator;
  choose(...files: string[]): Promise<void>;
  /** The row of a file, once it has that status. */
  row(filename: string, status?: string): Locator;
  seen(): Promise<{ progress: number[]; modes: string[] }>;
  /** Names of the list, from the top. */
  names(): Promise<string[]>;
  /** Id of the job in a row. */
  jobId(row: Locator): Promise<string>;
  close(): Promise<void>;
}

/** Prepares a page that has not gone anywhere yet. */
export async function createTestPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<TestPage> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(GENEROUS_MS);
  await context.addInitScript({ content: RECORD });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'info' && message.type() !== 'log') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return {
    page,
    complaints,
    mode: (name) => page.locator(`#connection[data-mode="${name}"]`),
    async choose(...files) {
      await page.getByLabel('Files to upload').setInputFiles(await Promise.all(files.map(documentPath)));
    },
    row(filename, status) {
      const named = page.getByRole('heading', { name: filename, exact: true });
      return page.locator(`.row${status ? `[data-status="${status}"]` : ''}`).filter({ has: named });
    },
    seen: () => page.evaluate('window.seen'),
    names: () => page.locator('.row .filename').allTextContents(),
    jobId: async (row) => (await row.getAttribute('data-job')) ?? '',
    close: () => context.close(),
  };
}

import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

import { documentPath } from '../../documents/documents.ts';

/** How long the page may take for anything: a whole job included. */
export const GENEROUS_MS = 60_000;

/** Runs in the page: records every value of a job's progress bar (in percent) and of the connection's sign. */
const RECORD = `
  window.seen = { progress: [], modes: [] };
  document.addEventListener('DOMContentLoaded', () => {
    new MutationObserver((changes) => {
      for (const { target, attributeName } of changes) {
        if (attributeName === 'data-mode') window.seen.modes.push(target.dataset.mode);
        const status = target.closest('[data-status]')?.dataset.status;
        if (attributeName === 'value' && status !== 'uploading')
          window.seen.progress.push(Math.round(target.value * 10_000) / 100);
      }
    }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['value', 'data-mode'] });
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
  /** The card of a file, once it has that status. */
  card(filename: string, status?: string): Locator;
  seen(): Promise<{ progress: number[]; modes: string[] }>;
  /** Makes the browser remember uploads, ids with their files' names; the page reads them when it loads. */
  remember(filenames: Record<string, string>): Promise<void>;
  /** The jobs that the browser remembers, newest first. */
  jobIds(): Promise<string[]>;
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
      await page.getByLabel('Choose files').setInputFiles(await Promise.all(files.map(documentPath)));
    },
    card(filename, status) {
      const named = page.getByRole('heading', { name: filename, exact: true });
      return page.locator(`.upload${status ? `[data-status="${status}"]` : ''}`).filter({ has: named });
    },
    seen: () => page.evaluate('window.seen'),
    async remember(filenames) {
      const facts = { collection: 'default', size: 1, startedAt: Date.now() };
      const uploads = Object.entries(filenames).map(([id, filename]) => ({ id, filename, ...facts }));
      const text = JSON.stringify(JSON.stringify(uploads));
      await page.evaluate(`localStorage.setItem('sluice.uploads', ${text})`);
    },
    async jobIds() {
      const remembered = await page.evaluate<string>(`localStorage.getItem('sluice.uploads')`);
      return (JSON.parse(remembered) as { id: string }[]).map(({ id }) => id);
    },
    close: () => context.close(),
  };
}

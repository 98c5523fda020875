import { startBrowser } from '../../helpers/clients/browser.ts';
import { FOR_EACH, use } from '../../helpers/servers/use.ts';
import { createTestPage } from './test-page.ts';

/** Starts a browser. @param more arguments beside the usual */
export const useBrowser = (...more: string[]) => use(() => startBrowser(...more));

/** Opens a page for each test, in a browser for all of them; see {@link useBrowser}. */
export function usePage() {
  const browser = useBrowser();
  return use(() => createTestPage(browser), FOR_EACH);
}

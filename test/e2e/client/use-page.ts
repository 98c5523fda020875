import { startBrowser } from '../../helpers/clients/browser.ts';
import { FOR_EACH, use } from '../../helpers/servers/use.ts';
import { buildPage } from './built-page.ts';
import { createTestPage } from './test-page.ts';

/**
 * Builds the web page and starts a browser. A server looks for the page when it starts: call this before its fixture.
 * @param more arguments of the browser beside the usual
 */
export const useBrowser = (...more: string[]) =>
  use(async () => {
    await buildPage();
    return startBrowser(...more);
  });

/** Opens a page for each test, in a browser for all of them; see {@link useBrowser}. */
export function usePage() {
  const browser = useBrowser();
  return use(() => createTestPage(browser), FOR_EACH);
}

import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { ClientLine } from '../../helpers/faults/client-line.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { FOR_EACH, use, useSluice } from '../../helpers/servers/use.ts';
import { useBrowser } from '../client/use-page.ts';

/** Without an event of the browser, the client notices a silent line after eight seconds. */
const NOTICED_MS = 5000;

const browser = useBrowser();
const server = useSluice();
const line = use(() => ClientLine.start(server.url), FOR_EACH);

let page: Page;
beforeEach(async () => {
  page = await (await browser.newContext()).newPage();
  // A document of the server without a client of its own.
  await page.goto(`${line.url}/sluice.d.ts`);
  await page.evaluate(`import('/sluice.js').then(({ Sluice }) => {
    window.told = [];
    const note = (type) => told.push({ type, at: performance.now() });
    for (const type of ['online', 'offline', 'pageshow']) addEventListener(type, () => note('browser ' + type));
    document.addEventListener('visibilitychange', () => note('browser ' + document.visibilityState));
    window.sluice = new Sluice({ onLink: ({ state }) => note(state) });
    sluice.connect();
  })`);
  await until(`sluice.link.state === 'live'`);
});
afterEach(() => page.context().close());

/** Waits until an expression is true. Playwright's own wait needs `eval`, which the server's policy forbids. */
const until = (expression: string) => eventually(() => page.evaluate<boolean>(expression));

interface Told {
  type: string;
  at: number;
}

/** Waits until the client no longer says `live`. @returns the ms since an event of the browser */
async function noticed(event: string): Promise<number> {
  await until(`sluice.link.state !== 'live'`);
  const told = await page.evaluate<Told[]>('told');
  // The client has a state `offline`, too.
  const from = told.findLast(({ type }) => type === `browser ${event}`)!;
  const lost = told.find(({ type, at }) => at > from.at && type !== 'live' && !type.startsWith('browser '))!;
  return lost.at - from.at;
}

/** Stops the processes of all pages, or lets them go on. A browser without windows freezes none by itself. */
async function signalPages(signal: NodeJS.Signals): Promise<void> {
  const devtools = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
  for (const { type, id } of processInfo) if (type === 'renderer') process.kill(id, signal);
  await devtools.detach();
}

test('a page that is seen again notices that its line became silent meanwhile', async () => {
  await signalPages('SIGSTOP');
  line.silence();
  await signalPages('SIGCONT');
  // A browser without windows never hides a page, so it sends no such event by itself.
  await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
  expect(await noticed('visible')).toBeLessThan(NOTICED_MS);
  line.restore();
  await until(`sluice.link.state === 'live'`);
});

test('a page that was frozen while its line was cut is live again, and has the end of its job', async () => {
  await page.evaluate(`void (window.upload = sluice.upload(new File(['frozen'], 'frozen.txt')))`);
  const { job_id: id } = await page.evaluate<{ job_id: string }>('upload.accepted');
  await page.evaluate('void (window.job = upload.job)');
  await signalPages('SIGSTOP');
  line.cut();
  expect((await server.ended(id)).status).toBe('completed');
  await signalPages('SIGCONT');
  expect(await page.evaluate('job.done.then(({ status }) => status)')).toBe('completed');
  await until(`sluice.link.state === 'live'`);
});

test('a browser that goes offline tells it to the client, and one that is back, too', async () => {
  line.silence();
  await page.context().setOffline(true);
  await until(`told.some(({ type }) => type === 'browser offline')`);
  expect(await page.evaluate('navigator.onLine')).toBe(false);
  expect(await noticed('offline')).toBeLessThan(NOTICED_MS);
  await until(`sluice.link.state === 'offline'`);
  await page.evaluate(`void (window.upload = sluice.upload(new File(['offline'], 'offline.txt')))`);
  await until(`upload.state === 'pausing'`);
  line.restore();
  await page.context().setOffline(false);
  await until(`told.some(({ type }) => type === 'browser online')`);
  expect(await page.evaluate('upload.job.done.then(({ status }) => status)')).toBe('completed');
  await until(`sluice.link.state === 'live'`);
});

import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';

import { useRedis, useRoles } from '../../helpers/servers/use.ts';
import { registerDocument } from '../../helpers/stores/registered.ts';
import { useBrowser } from '../client/use-page.ts';

const RAN = 'the script ran';
const SCRIPT = `console.log('${RAN}')`;

const browser = useBrowser();
const redis = useRedis();
const api = useRoles(['api'], () => ({ REDIS_URL: redis.url }));

const ORIGINALS: [string, string, string][] = [
  ['page.html', 'text/html', `<!doctype html><p id="end">Text</p><script>${SCRIPT}</script>`],
  [
    'page.xhtml',
    'application/xhtml+xml',
    `<html xmlns="http://www.w3.org/1999/xhtml"><body><p id="end">Text</p><script>${SCRIPT}</script></body></html>`,
  ],
  [
    'picture.svg',
    'image/svg+xml',
    `<svg xmlns="http://www.w3.org/2000/svg"><text id="end" y="20">Text</text><script>${SCRIPT}</script></svg>`,
  ],
];

/**
 * Opens an address as if the response lacked these headers.
 * @returns the messages of the console once the document has loaded
 */
async function openWithout(url: string, ...lacking: string[]): Promise<string[]> {
  const page = await browser.newPage();
  const messages: string[] = [];
  page.on('console', (message) => messages.push(message.text()));
  await page.route(url, async (route) => {
    const response = await route.fetch();
    const headers = Object.entries(response.headers()).filter(([name]) => !lacking.includes(name));
    await route.fulfill({ response, headers: Object.fromEntries(headers) });
  });
  await page.goto(url);
  await page.locator('#end').waitFor();
  await page.close();
  return messages;
}

test.each(ORIGINALS)(
  'a browser saves %s (%s) and runs no script of it',
  async (filename, media_type, text) => {
    const { id } = await registerDocument(redis.client, api.dataDir, text, { filename, media_type });
    const url = `${api.url}/api/documents/${id}/content`;
    const page = await browser.newPage();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      // The browser stays where it is, which `goto` takes for a failure.
      page.goto(url).catch(() => {}),
    ]);
    expect(download.suggestedFilename()).toBe(filename);
    expect(String(await buffer(await download.createReadStream()))).toBe(text);
    await page.close();

    // The policy alone stops it, too, in a program that shows attachments.
    expect((await openWithout(url, 'content-disposition')).filter((message) => message === RAN)).toEqual([]);
    expect(await openWithout(url, 'content-disposition', 'content-security-policy')).toContain(RAN);
  },
);

test('no page of the origin loads an original as its own script', async () => {
  const { id } = await registerDocument(redis.client, api.dataDir, SCRIPT, {
    filename: 'a.js',
    media_type: 'text/javascript',
  });
  const page = await browser.newPage();
  const messages: string[] = [];
  page.on('console', (message) => messages.push(message.text()));
  await page.goto(api.url);
  await expect(page.addScriptTag({ url: `/api/documents/${id}/content` })).rejects.toThrow();
  expect(messages).not.toContain(RAN);
  await page.close();
});

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';

import { use, useSluice } from '../../helpers/servers/use.ts';
import { useBrowser } from '../client/use-page.ts';

/** A site of its own, with an empty page. */
const useSite = () =>
  use(async () => {
    const server = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<h1>Site</h1>'),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return server;
  });
const urlOf = (site: Server) => `http://127.0.0.1:${(site.address() as AddressInfo).port}`;

const allowed = useSite();
const stranger = useSite();
const browser = useBrowser();
const server = useSluice(() => ({ env: { ALLOWED_ORIGINS: urlOf(allowed) } }));

async function open(site: Server): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(urlOf(site));
  return page;
}

test('a page of an allowed origin imports the SDK, uploads, and follows the job over a WebSocket', async () => {
  const page = await open(allowed);
  const { status, states, types } = await page.evaluate<{ status: string; states: string[]; types: string }>(`
    (async () => {
      const { Sluice } = await import('${server.url}/sluice.js');
      const states = [];
      const sluice = new Sluice({ url: '${server.url}', onLink: ({ state }) => states.push(state) });
      const { status } = await sluice.upload(new File(['hello there'], 'a.txt')).job.done;
      const types = await (await fetch('${server.url}/sluice.d.ts')).text();
      return { status, states, types };
    })()`);
  expect(status).toBe('completed');
  expect(states).toContain('live');
  expect(types).toContain('export declare class Sluice');
  await page.close();
});

test('a page of another origin cannot import the SDK', async () => {
  const page = await open(stranger);
  const words = await page.evaluate<string>(
    `import('${server.url}/sluice.js').then(() => 'imported', (error) => error.message)`,
  );
  expect(words).toContain('Failed to fetch dynamically imported module');
  await page.close();
});

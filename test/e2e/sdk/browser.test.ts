import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';

import type { LinkState } from '../../../client/sdk/api.ts';
import type { DocumentList } from '../../../src/contract/documents.ts';
import { ClientLine } from '../../helpers/faults/client-line.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { FOR_EACH, use, useEmbeddings, useSluice } from '../../helpers/servers/use.ts';
import { useBrowser } from '../client/use-page.ts';

const EMBEDDING_MS = 1500;

const browser = useBrowser();
const embedder = useEmbeddings({ delayMs: EMBEDDING_MS });
const server = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

const line = use(() => ClientLine.start(server.url), FOR_EACH);

let page: Page;
beforeEach(async () => {
  page = await (await browser.newContext()).newPage();
  await start();
});
afterEach(() => page.context().close());

/** Loads the module as a page does, and makes a client of the page's own server. */
async function start(): Promise<void> {
  // A document of the server without a client of its own.
  await page.goto(`${line.url}/sluice.d.ts`);
  await page.evaluate(`import('/sluice.js').then(({ Sluice }) => {
    window.states = [];
    window.sluice = new Sluice({ onLink: ({ state }) => states.push(state) });
    window.file = (name, words) => new File([(name + ' says this. ').repeat(words)], name, { lastModified: 1 });
  })`);
}

const states = () => page.evaluate<LinkState[]>('states');
/** Waits until an expression is true. Playwright's own wait needs `eval`, which the server's policy forbids. */
const until = (expression: string) => eventually(() => page.evaluate<boolean>(expression));
const untilState = (state: LinkState) => until(`sluice.link.state === '${state}'`);

async function documents(collection: string): Promise<number> {
  const response = await fetch(`${server.url}/api/documents?collection=${collection}`);
  return ((await response.json()) as DocumentList).documents.length;
}

describe('an upload in a browser', () => {
  test('tells of its bytes, and is followed to its end', async () => {
    const { sent, size, job } = await page.evaluate<{
      sent: number[];
      size: number;
      job: { status: string };
    }>(`(async () => {
      const sent = [];
      const upload = sluice.upload(file('bytes.txt', 2000), { onProgress: (upload) => sent.push(upload.sent) });
      const job = await upload.job.done;
      return { sent, size: upload.size, job };
    })()`);
    expect(job.status).toBe('completed');
    expect(sent.at(-1)).toBe(size);
    expect(sent).toEqual(sent.toSorted((a, b) => a - b));
  });

  test('whose response is lost is one document, also if the page is loaded anew', async () => {
    const lost = Promise.withResolvers<void>();
    await page.route(
      '**/api/documents/upload',
      async (route) => {
        await route.fetch();
        lost.resolve();
        // The page never hears of it.
        await new Promise(() => {});
      },
      { times: 1 },
    );
    const send = `sluice.upload(file('reloaded.txt', 10), { collection: 'reloaded', on_duplicate: 'keep' })`;
    await page.evaluate(`void ${send}`);
    await lost.promise;
    await start();
    const job = await page.evaluate<{ status: string }>(`${send}.job.done`);
    expect(job.status).toBe('completed');
    expect(await documents('reloaded')).toBe(1);
    // Its end is known, so the same file is now another upload.
    await page.evaluate(`${send}.job.done`);
    expect(await documents('reloaded')).toBe(2);
  });

  test('waits while the line is down, and the client says so', async () => {
    await page.evaluate('sluice.connect()');
    await untilState('live');
    line.down();
    await untilState('offline');
    await page.evaluate(`void (window.upload = sluice.upload(file('offline.txt', 10)))`);
    await until(`upload.state === 'pausing'`);
    line.restore();
    await untilState('live');
    expect(await page.evaluate('upload.job.done.then(({ status }) => status)')).toBe('completed');
  });
});

describe('a line that swallows everything', () => {
  test('is noticed by itself', async () => {
    await page.evaluate('sluice.connect()');
    await untilState('live');
    line.silence();
    await until(`sluice.link.state !== 'live'`);
    await untilState('offline');
    line.restore();
    await untilState('live');
  });

  test.each(['online', 'offline', 'pageshow'])('is noticed at once after the event %s', async (type) => {
    await page.evaluate('sluice.connect()');
    await untilState('live');
    line.silence();
    await page.evaluate(`window.dispatchEvent(new Event('${type}'))`);
    const ms = await page.evaluate<number>(`new Promise((resolve) => {
      const begun = performance.now();
      const look = setInterval(() => {
        if (sluice.link.state === 'live') return;
        clearInterval(look);
        resolve(performance.now() - begun);
      }, 50);
    })`);
    // Without the event it takes eight seconds.
    expect(ms).toBeLessThan(5000);
  });
});

describe('a browser whose network blocks WebSockets', () => {
  test('follows many jobs by one stream, and makes few requests', async () => {
    await page.routeWebSocket('**/ws', (socket) => socket.close());
    const requests: string[] = [];
    page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    const ended = page.evaluate<string[]>(
      `Promise.all(
        sluice.upload(Array.from({ length: 20 }, (_, i) => file('blocked-' + i + '.txt', 5)))
          .map((upload) => upload.job.done.then(({ status }) => status)),
      )`,
    );
    await untilState('events');
    expect(new Set(await ended)).toEqual(new Set(['completed']));
    expect(await states()).not.toContain('live');
    const others = requests.filter((path) => path !== '/api/documents/upload');
    expect(new Set(others)).toEqual(new Set(['/api/settings', '/api/events']));
    expect(others.length).toBeLessThan(8);
  });
});

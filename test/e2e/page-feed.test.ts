import type { Browser, WebSocketRoute } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { Job } from '../../src/contract/job.ts';
import type { ServerMessage } from '../../src/contract/messages.ts';
import { startBrowser } from '../helpers/browser.ts';
import { startSluice, type TestSluice } from '../helpers/sluice.ts';
import { buildPage } from './built-page.ts';
import { createTestPage, PATIENCE_MS, type TestPage } from './test-page.ts';

/** Long enough to be cut off in the middle. */
const LONG = 'multi-column.pdf';
const patiently = { timeout: PATIENCE_MS };

let sluice: TestSluice;
let browser: Browser;
let user: TestPage;

beforeAll(async () => {
  await buildPage();
  sluice = await startSluice();
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await sluice?.close();
});
beforeEach(async () => {
  user = await createTestPage(browser);
});
afterEach(() => user.close());

describe('without its socket', () => {
  test('the page asks every two seconds', async () => {
    await user.page.routeWebSocket('**/ws', (socket) => socket.close());
    await user.page.goto(sluice.url);
    await user.choose(LONG);
    await user.mode('polling').waitFor();
    await user.card(LONG, 'completed').waitFor();
    const { progress, modes } = await user.seen();
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(modes).not.toContain('live');
  });

  test('a job goes on while the server is killed and comes back', async () => {
    await user.page.goto(sluice.url);
    await user.mode('live').waitFor();
    await user.choose(LONG);
    await user.card(LONG, 'processing').locator('[data-step="embed"][data-state="active"]').waitFor();
    process.kill(await sluice.rolePid('api'), 'SIGKILL');
    await expect.poll(async () => (await user.seen()).modes.slice(1), patiently).toContain('live');
    await user.card(LONG, 'completed').waitFor();

    const [id = ''] = await user.jobIds();
    const { result } = await sluice.job(id);
    const words = await user.card(LONG).locator('.message').textContent();
    expect(words).toContain(`${result?.chunk_count} chunks`);
    const { progress, modes } = await user.seen();
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(modes.slice(0, 2)).toEqual(['live', 'connecting']);
  });
});

describe('what is pushed', () => {
  test('is shown only if it is newer, until versions begin anew', async () => {
    const server = await standInForGateway();
    await user.page.goto(sluice.url);
    await server.connected(1);
    await user.remember('pushed', 'pushed.pdf');
    await user.page.reload();
    const message = user.card('pushed.pdf').locator('.message');
    const shown = () => message.textContent();

    await server.connected(2);
    server.send({ type: 'welcome', protocol: 1, history: 'first', heartbeat_ms: 30_000 });
    await expect.poll(server.received).toEqual([{ type: 'subscribe', id: 1, jobs: ['pushed'] }]);
    server.send({ type: 'snapshot', id: 1, jobs: [state(5, 60)], more: false });
    await expect.poll(shown).toBe('version 5');
    expect(await user.card('pushed.pdf').locator('.counts').textContent()).toBe('600 of 1,000 chunks');

    server.send({ type: 'update', jobs: [state(4, 30)] });
    server.send({ type: 'of a later protocol', jobs: [state(9, 90)] });
    server.send({ type: 'update', jobs: [{ ...state(8, 80), id: 'of somebody else' }] });
    server.send({ type: 'update', jobs: [state(6, 70)] });
    await expect.poll(shown).toBe('version 6');

    await server.drop();
    await server.connected(3);
    server.send({ type: 'welcome', protocol: 1, history: 'second', heartbeat_ms: 30_000 });
    await expect.poll(() => server.received().length).toBe(2);
    server.send({ type: 'snapshot', id: 2, jobs: [state(1, 10)], more: false });
    await expect.poll(shown).toBe('version 1');
    expect((await user.seen()).progress).toEqual([60, 70, 10]);
  });

  test('comes over a new line when the old one is open but dead', async () => {
    const server = await standInForGateway();
    await user.page.goto(sluice.url);
    await server.connected(1);
    server.send({ type: 'welcome', protocol: 1, history: 'first', heartbeat_ms: 200 });
    await user.mode('live').waitFor();
    // Nothing answers the ping: after another beat the line counts as cut, and a new one is opened.
    await server.connected(2);
    expect(server.received()).toContainEqual({ type: 'ping' });
    expect((await user.seen()).modes).toEqual(['live', 'connecting']);
  });
});

function state(version: number, progress: number): Job {
  return {
    id: 'pushed',
    type: 'document_upload',
    status: 'processing',
    progress,
    message: `version ${version}`,
    version,
    run: 1,
    stage: 'embed',
    counts: { chunks_done: progress * 10, chunks_total: 1000 },
  };
}

/** Takes the page's socket in place of the server's gateway. */
async function standInForGateway() {
  const connections: WebSocketRoute[] = [];
  const received: unknown[] = [];
  await user.page.routeWebSocket('**/ws', (socket) => {
    connections.push(socket);
    socket.onMessage((message) => void received.push(JSON.parse(String(message))));
  });
  return {
    received: () => received,
    /** Waits until the page has opened its nth connection, over all its loads. */
    connected: (count: number) => expect.poll(() => connections.length, patiently).toBe(count),
    send: (message: ServerMessage | { type: string; jobs: Job[] }) =>
      connections.at(-1)!.send(JSON.stringify(message)),
    drop: () => connections.at(-1)!.close({ code: 1012 }),
  };
}

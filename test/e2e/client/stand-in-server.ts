import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page, WebSocketRoute } from 'playwright-core';
import { preview } from 'vite';
import { expect } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import type { ClientMessage } from '../../../src/contract/messages.ts';
import { GENEROUS_MS } from './test-page.ts';

const CONFIG = join(import.meta.dirname, '../../../client/vite.config.ts');

/** Serves the page as it was built, and nothing else. */
export async function servePage(): Promise<{ url: string; close(): Promise<void> }> {
  const server = await preview({ configFile: CONFIG, preview: { port: 0, host: '127.0.0.1' } });
  const { port } = server.httpServer.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** Takes the place of the server that a page talks to, over its WebSocket and by HTTP. */
export async function standInFor(page: Page) {
  const connections: WebSocketRoute[] = [];
  const received: ClientMessage[] = [];
  const asked: { tag: string | undefined; status: number }[] = [];
  let responds = true;
  let response: { status: number; job?: Job; epoch?: string } = { status: 503 };

  await page.routeWebSocket('**/ws', (socket) => {
    connections.push(socket);
    socket.onMessage((text) => {
      const message = JSON.parse(String(text)) as ClientMessage;
      received.push(message);
      if (message.type === 'ping' && responds) socket.send(JSON.stringify({ type: 'pong' }));
    });
  });
  await page.route('**/api/settings', (route) => route.fulfill({ json: {} }));
  await page.route(/\/timeline$/, (route) => route.fulfill({ json: { events: [] } }));
  await page.route(/\/api\/events/, (route) => route.fulfill({ status: 404 }));
  await page.route(/\/api\/jobs\?ids=/, async (route, request) => {
    const { job, epoch } = response;
    const etag = `"${epoch}-${job?.version}"`;
    const tag = await request.headerValue('if-none-match');
    const status = tag === etag ? 304 : response.status;
    asked.push({ tag: tag ?? undefined, status });
    await route.fulfill({ status, headers: { etag }, ...(status === 200 && { json: { jobs: [job] } }) });
  });

  const send = (message: Record<string, unknown>) => connections.at(-1)!.send(JSON.stringify(message));
  return {
    connections: () => connections.length,
    /** Waits until the page has opened its nth connection, over all its loads. */
    connected: (count: number) => expect.poll(() => connections.length, { timeout: GENEROUS_MS }).toBe(count),
    send,
    welcome: (epoch: string) =>
      send({
        type: 'welcome',
        protocol: 2,
        epoch,
        offset: 1,
        heartbeat_ms: 30_000,
        features: ['jobs', 'since'],
      }),
    close: (code: number) => connections.at(-1)!.close({ code }),
    /** Responds to no ping from now on. */
    fallSilent: () => (responds = false),
    /** What the page has sent, over all its connections. */
    received: () => received,
    /** Waits for the page's nth subscription. */
    async subscription(count: number): Promise<ClientMessage | undefined> {
      const subscriptions = () => received.filter(({ type }) => type === 'subscribe');
      await expect.poll(() => subscriptions().length, { timeout: GENEROUS_MS }).toBe(count);
      return subscriptions().at(-1);
    },
    /** Says how the page is answered from now on when it asks for a job; at first with 503. */
    respond: (status: number, job?: Job, epoch?: string) =>
      (response = { status, ...(job && { job }), ...(epoch !== undefined && { epoch }) }),
    /** The ETags that the page has asked with, and how it was answered. */
    asked: () => asked,
  };
}
export type StandIn = Awaited<ReturnType<typeof standInFor>>;

/** Makes the snapshot of the only subscription. */
export function snapshot(offset: number, ...jobs: Job[]) {
  return { type: 'snapshot', id: 1, offset, jobs, more: false, resumed: false };
}

/** Makes an update. */
export function update(offset: number, ...jobs: Job[]) {
  return { type: 'update', offset, jobs };
}

/** Makes the state of a job under way. @param percent with up to two decimals */
export function state(version: number, percent: number, id = 'pushed'): Job {
  const progress = Math.floor(percent);
  return {
    id,
    type: 'document_upload',
    status: 'processing',
    progress,
    message: `version ${version}`,
    version,
    run: 1,
    fraction: Math.round(percent * 100) / 10_000,
    stage: 'embed',
    counts: { chunks_done: progress * 10, chunks_total: 1000 },
  };
}

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { closeAfterResponse, startServer, type HttpServer } from '../../../src/http/server.ts';

const FLOOD = 50_000;
let server: HttpServer;
let requests = 0;

beforeAll(async () => {
  const app = new Hono<{ Bindings: HttpBindings }>()
    .get('/open', () => new Response(new ReadableStream()))
    .get('/limited', (c) => {
      closeAfterResponse(c.env.incoming, c.env.outgoing);
      return c.text('refused', 429);
    })
    .get('/fine', (c) => c.text('fine'));
  server = await startServer(app, { host: '127.0.0.1', port: 0 });
  server.server.on('request', () => requests++);
});
afterAll(() => server.close(0));

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;

test.each([
  ['without a length', ''],
  ['with a length of 0', 'Content-Length: 0\r\n'],
])(
  'a flood %s behind an open stream and a refusal is read no further, and its end is cheap',
  async (_what, headers) => {
    requests = 0;
    const socket = connect(server.port, '127.0.0.1').on('error', () => {});
    socket.write(get('/open') + get('/limited', headers));
    for (let sent = 0; sent < FLOOD; sent += 1000) socket.write(get('/fine', headers).repeat(1000));
    await expect.poll(() => requests).toBeGreaterThan(100);
    for (let before = -1; before < requests; await sleep(500)) before = requests;
    expect(requests).toBeLessThan(FLOOD / 2);
    socket.destroy();
    expect(await (await fetch(`http://127.0.0.1:${server.port}/fine`)).text()).toBe('fine');
  },
);

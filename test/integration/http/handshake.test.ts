import { once } from 'node:events';
import { connect } from 'node:net';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

import { startServer } from '../../../src/http/server.ts';
import { upgradeRequest } from '../../helpers/clients/raw-upgrade.ts';
import { use } from '../../helpers/servers/use.ts';

const HEAD_TIMEOUT_MS = 400;

const server = use(async () => {
  const http = await startServer(new Hono(), { host: '127.0.0.1', port: 0 }, HEAD_TIMEOUT_MS);
  const sockets = new WebSocketServer({ server: http.server });
  return {
    port: http.port,
    close() {
      for (const socket of sockets.clients) socket.terminate();
      return http.close(0);
    },
  };
});

/** Connects, sends, and reads until the server ends the connection. @returns what the server sent */
async function untilCut(send: string): Promise<string> {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  let response = '';
  socket.on('data', (bytes: Buffer) => (response += bytes.toString()));
  const cut = once(socket, 'end');
  socket.write(send);
  await cut;
  socket.destroy();
  return response;
}

/**
 * Connects, and sends a head that never ends, until the server ends the connection.
 * What the server sent is not looked at: a header that arrives after the end resets the connection, and the answer is lost with it.
 */
async function dripUntilCut(send: string, drip: string): Promise<void> {
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.resume();
  socket.write(send);
  const dripping = setInterval(() => socket.write(drip), HEAD_TIMEOUT_MS / 10);
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(dripping);
}

test('who sends nothing, half an upgrade, or one whose head never ends is cut in time; who has opened one stays', async () => {
  const opened = new WebSocket(`ws://127.0.0.1:${server.port}/ws`);
  await once(opened, 'open');
  const upgrade = upgradeRequest('/ws');
  const dripping = dripUntilCut('GET /ws HTTP/1.1\r\nHost: localhost\r\n', 'X-Drip: 1\r\n');
  const responses = await Promise.all([
    untilCut(''),
    untilCut(upgrade.slice(0, upgrade.length / 2)),
    // Nothing is owed to whoever had a response before.
    untilCut('GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\nGET /ws HT'),
  ]);
  await dripping;
  for (const response of responses) expect(response).toContain('HTTP/1.1 408 Request Timeout\r\n');
  opened.ping();
  await once(opened, 'pong');
});

import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';

import { watchBody } from '../../../src/limits/watch-body.ts';

const DRIPS = 200;

/** Starts a server that watches the bodies of its requests. @returns its connection, and what it counts */
async function startWatched() {
  const counts = { pieces: 0, pauses: 0, failures: [] as string[] };
  const arrived = () => void counts.pieces++;
  const read = async (request: IncomingMessage) => {
    const end = watchBody(request, { arrived }, { maxBytes: 1_000_000, leastRate: 1 }, ({ code }) =>
      counts.failures.push(code),
    );
    const { length } = await text(request);
    end();
    return length;
  };
  const server = createServer((request, response) => {
    void read(request).then((length) => response.end(`${length} bytes`));
  });
  server.on('connection', (peer) => peer.on('pause', () => counts.pauses++));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  return { socket, responses: text(socket), counts };
}

test('a dripping body is read less often, ends whole, and the next request is served', async () => {
  const { socket, responses, counts } = await startWatched();
  socket.setNoDelay();
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${DRIPS}\r\n\r\n`);
  for (let i = 0; i < DRIPS; i++) {
    socket.write('x');
    // Slower than the server reads, so that each drip would be a read of its own.
    await sleep(2);
  }
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nend');
  expect(await responses).toMatch(/\b200 bytes[^]*\b3 bytes/);
  expect(counts.failures).toEqual([]);
  expect(counts.pieces).toBeLessThan(DRIPS / 2);
});

test('a quick body in small HTTP chunks is read without a rest', async () => {
  const { socket, responses, counts } = await startWatched();
  const chunks = `64\r\n${'x'.repeat(100)}\r\n`.repeat(2000);
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n');
  socket.write(`${chunks}0\r\n\r\n`);
  expect(await responses).toMatch(/\b200000 bytes/);
  expect(counts.pieces).toBeGreaterThanOrEqual(2000);
  expect(counts.pauses).toBe(0);
});

import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';

import { watchBody } from '../../../src/limits/watch-body.ts';

const DRIPS = 200;

test('a dripping body is read less often, ends whole, and the next request is served', async () => {
  let pieces = 0;
  const arrived = () => void pieces++;
  const failures: string[] = [];
  const read = async (request: IncomingMessage) => {
    const end = watchBody(request, { arrived }, { maxBytes: 10_000, leastRate: 1 }, ({ code }) =>
      failures.push(code),
    );
    const { length } = await text(request);
    end();
    return length;
  };
  const server = createServer((request, response) => {
    void read(request).then((length) => response.end(`${length} bytes`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.setNoDelay();
  const responses = text(socket);
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${DRIPS}\r\n\r\n`);
  for (let i = 0; i < DRIPS; i++) {
    socket.write('x');
    await sleep(2);
  }
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nend');
  expect(await responses).toMatch(/\b200 bytes[^]*\b3 bytes/);
  expect(failures).toEqual([]);
  expect(pieces).toBeLessThan(DRIPS / 2);
});

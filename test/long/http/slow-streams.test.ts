import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';

import { liveHeapMiB } from '../../helpers/measures/live-heap.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

/** Their states take 15 MB, more than the system keeps for a client that does not read. */
const JOBS = 1500;
const MESSAGE = 'x'.repeat(10_000);
const STREAMS = 3;
/** More than the first message of a stream. What follows it are first states. */
const WELCOME_BYTES = 10_000;
/** A page under way of each stream has 1 MB. The states of one take 15 MB. */
const MOST_MIB = 10;

const redis = useRedis();
const node = use(() => GatewayNode.start(redis.url, ['api'], ['--inspect=127.0.0.1:0']));
const jobs = new TestJobs(redis);

let sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets) socket.destroy();
});

/** Opens a stream of the active jobs, and waits for its first states. The next stream reads them for itself. */
async function open(): Promise<Socket> {
  const socket = connect(node.port, '127.0.0.1');
  sockets.push(socket);
  socket.write('GET /api/events?channel=active HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'readable');
  await expect.poll(() => socket.bytesRead).toBeGreaterThan(WELCOME_BYTES);
  return socket;
}

/** Reads a stream until its last page. @returns the ids on its pages */
async function readAll(socket: Socket): Promise<Set<string>> {
  const pieces: string[] = [];
  for await (const bytes of socket) {
    pieces.push((bytes as Buffer).toString('latin1'));
    // The words may come in two pieces.
    if (pieces.slice(-2).join('').includes('"more":false')) break;
  }
  return new Set([...pieces.join('').matchAll(/"id":"(slow-\d+)"/g)].map(([, id]) => id as string));
}

test('first states that a client does not read cost little memory, and come once it reads', async () => {
  const ids = Array.from({ length: JOBS }, (_, i) => `slow-${i}`);
  await Promise.all((await jobs.claimAll(ids)).map((job) => jobs.step(job, 61, MESSAGE)));
  expect(await readAll(await open())).toEqual(new Set(ids));
  const before = await liveHeapMiB(node.printed);
  const slow: Socket[] = [];
  for (let i = 0; i < STREAMS; i++) slow.push(await open());
  expect((await liveHeapMiB(node.printed)) - before).toBeLessThan(MOST_MIB);
  await jobs.queue.cancel('slow-1499');
  expect((await readAll(slow[0]!)).size).toBeGreaterThanOrEqual(JOBS - 1);
});

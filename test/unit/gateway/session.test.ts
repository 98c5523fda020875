import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Registry } from '@prometheus-io/client';
import { expect, test } from 'vitest';

import type { Access } from '../../../src/access/access.ts';
import { ANONYMOUS } from '../../../src/access/principal.ts';
import type { ClientMessage } from '../../../src/contract/messages.ts';
import { createTickers } from '../../../src/gateway/channels/tickers.ts';
import { Flusher } from '../../../src/gateway/speed/flusher.ts';
import { GatewayMetrics } from '../../../src/gateway/gateway-metrics.ts';
import type { ProtocolSocket } from '../../../src/gateway/protocol-socket.ts';
import { Session } from '../../../src/gateway/session/session.ts';
import type { JobFeed } from '../../../src/jobs/feed/job-feed.ts';
import type { JobWatcher } from '../../../src/jobs/feed/job-watchers.ts';
import { JobState } from '../../../src/jobs/model/job-view.ts';
import { collectGarbage } from '../../helpers/measures/collect-garbage.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';
import { SlowStream } from '../../helpers/clients/slow-stream.ts';

const state = (id: string, version: number, status: string, run = 1) =>
  new JobState({ id, version: `${version}`, status, run: `${run}` }, 'epoch');

const unread = () => Promise.reject(new Error('nothing watches'));
const { stats, batches } = createTickers({ readStats: unread, readBatch: unread }, quietLogger());

/** Lets everything be sent that waits. */
async function idle(): Promise<void> {
  for (let turns = 0; turns < 4; turns++) await nextTurn();
}

/**
 * Opens a session that watches what is active, of which there is nothing yet.
 * @param times how often it subscribes to that
 * @returns what the feed tells
 */
async function openDashboard(stream: Duplex, flusher: Flusher, times: number): Promise<JobWatcher[]> {
  const watchers: JobWatcher[] = [];
  const feed = {
    epoch: 'epoch',
    live: true,
    watchAll: (watcher: JobWatcher) => void watchers.push(watcher),
    offset: 0,
    reads: { channel: async () => ({ states: [], changed: undefined, ended: [] }) },
  } as unknown as JobFeed;
  const socket = { readyState: 1, OPEN: 1, listen() {}, resume() {} } as unknown as ProtocolSocket;
  const metrics = new GatewayMetrics(new Registry(), feed, () => ({ count: 0, bufferedBytes: 0 }));
  const logger = quietLogger();
  const services = {
    access: {} as Access,
    feed,
    metrics,
    logger,
    heartbeatMs: 30_000,
    flusher,
    stats,
    batches,
    onEnd() {},
  };
  const session = new Session(socket, stream, services, undefined, ANONYMOUS);
  for (let id = 1; id <= times; id++) {
    const subscribe: ClientMessage = { type: 'subscribe', id, channel: 'active' };
    session.onMessage(Buffer.from(JSON.stringify(subscribe)), false);
  }
  await expect.poll(() => watchers.length).toBe(times);
  return watchers;
}

test.each([
  ['sent at once', [1], idle],
  ['sent with others', [1], async () => {}],
  ['sent at once to one that watches twice, among others', [2, 1, 1], idle],
])(
  'a dashboard keeps nothing of jobs that have ended, however many have: %s',
  async (_, dashboards, pause) => {
    const flusher = new Flusher();
    const frames: Buffer[] = [];
    const stream = (i: number) =>
      new Duplex({
        read() {},
        write(bytes: Buffer, _encoding, taken) {
          if (bytes.length > 0) frames[i] = bytes;
          taken();
        },
      });
    const opened = dashboards.map((times, i) => openDashboard(stream(i), flusher, times));
    const watchers = (await Promise.all(opened)).flat();
    const tell = (news: JobState) => watchers.forEach((watcher) => watcher.onState(news));
    const watch = async (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        tell(state(`job-${i}`, 1, 'processing'));
        await pause();
        tell(state(`job-${i}`, 2, 'completed'));
        await pause();
        if (i % 100 === 0) await idle();
      }
      const last = (frame: Buffer) => frame.includes('"gone"') && frame.includes(`"job-${to - 1}"`);
      await expect.poll(() => frames.every(last), { interval: 5 }).toBe(true);
      await idle();
      collectGarbage();
      return process.memoryUsage().heapUsed / 1024 / 1024;
    };
    const before = await watch(0, 5000);
    // Fifty bytes of each.
    expect((await watch(5000, 25_000)) - before).toBeLessThan(1);
  },
);

test('an end that waits is sent, though the one before it has just been taken and its job has left', async () => {
  const stream = new SlowStream();
  const [dashboard] = await openDashboard(stream, new Flusher(), 1);
  const take = async () => {
    await idle();
    stream.takeOne();
    await idle();
  };
  for (const type of ['welcome', 'snapshot']) {
    await expect.poll(() => stream.given.at(-1)?.type).toBe(type);
    await take();
  }
  dashboard!.onState(state('a', 1, 'processing'));
  dashboard!.onState(state('a', 2, 'failed'));
  await take();
  // The end is under way; the next run begins and ends before it has been taken.
  dashboard!.onState(state('a', 3, 'processing', 2));
  dashboard!.onState(state('a', 4, 'failed', 2));
  stream.open();
  const runsEnded = () =>
    stream.given
      .flatMap(({ jobs = [] }) => jobs as { status?: string; run?: number }[])
      .flatMap(({ status, run }) => (status === 'failed' ? [run] : []));
  await expect.poll(runsEnded).toEqual([1, 2]);
});

test('a session that is not read from, for it does not take its answers, is not cut for lack of a pong', async () => {
  const stream = new SlowStream();
  const calls: string[] = [];
  const socket = {
    readyState: 1,
    OPEN: 1,
    isPaused: false,
    listen() {},
    pause: () => (socket.isPaused = true),
    resume: () => (socket.isPaused = false),
    ping: () => calls.push('ping'),
    terminate: () => calls.push('terminate'),
  };
  const feed = { epoch: 'epoch', live: true } as unknown as JobFeed;
  const metrics = new GatewayMetrics(new Registry(), feed, () => ({ count: 0, bufferedBytes: 0 }));
  const services = {
    access: {} as Access,
    feed,
    metrics,
    logger: quietLogger(),
    heartbeatMs: 30_000,
    flusher: new Flusher(),
    stats,
    batches,
    onEnd() {},
  };
  const session = new Session(socket as unknown as ProtocolSocket, stream, services, undefined, ANONYMOUS);
  session.ping();
  for (let i = 0; i < 20; i++) session.onMessage(Buffer.from('{"type":"ping"}'), false);
  await expect.poll(() => socket.isPaused).toBe(true);
  session.ping();
  session.ping();
  stream.open();
  await expect.poll(() => socket.isPaused).toBe(false);
  // The pong to the first is still to be read.
  session.ping();
  expect(calls).toEqual(['ping', 'ping']);
  session.ping();
  expect(calls).toEqual(['ping', 'ping', 'terminate']);
});

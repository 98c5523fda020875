import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from '@prometheus-io/client';
import { beforeEach, expect, test } from 'vitest';

import { GatewayMetrics } from '../../../src/gateway/gateway-metrics.ts';
import { Outbox } from '../../../src/gateway/outbox/outbox.ts';
import { Flusher } from '../../../src/gateway/speed/flusher.ts';
import type { JobFeed } from '../../../src/jobs/feed/job-feed.ts';
import { JobState } from '../../../src/jobs/model/job-view.ts';
import { SlowStream } from '../../helpers/clients/slow-stream.ts';

/** More than a frame takes to a client that is not slow. */
const SLOW_MS = 300;
let stream: SlowStream;
let outbox: Outbox;
let version = 0;

beforeEach(() => {
  stream = new SlowStream();
  const metrics = new GatewayMetrics(new Registry(), {} as JobFeed, () => ({ count: 0, bufferedBytes: 0 }));
  const services = { feed: { offset: 1 }, flusher: new Flusher(), metrics };
  outbox = new Outbox(stream, services, { onEnded: () => {}, onGone: () => {} });
});

const update = (id = 'a') =>
  outbox.update(new JobState({ id, version: `${++version}`, status: 'processing' }, 'epoch'));
const said = () => stream.given.map(({ type }) => type);
/** Takes one frame after a time in which states replaced each other. */
async function takeAfter(ms: number): Promise<void> {
  update();
  update();
  await sleep(ms);
  stream.takeOne();
  await sleep(30);
}

test('a slow client is told that states were skipped, once until it has everything again', async () => {
  outbox.send({ type: 'pong' });
  await sleep(20);
  await takeAfter(SLOW_MS);
  expect(said()).toEqual(['pong', 'conflated']);
  await takeAfter(SLOW_MS);
  expect(said()).toEqual(['pong', 'conflated', 'update']);
  await takeAfter(SLOW_MS);
  await takeAfter(SLOW_MS);
  expect(said().filter((type) => type === 'conflated')).toHaveLength(1);
  stream.takeOne();
  await expect
    .poll(() => {
      stream.takeOne();
      return outbox.idle;
    })
    .toBe(true);
  // Another episode.
  update();
  await sleep(30);
  await takeAfter(SLOW_MS);
  expect(said().filter((type) => type === 'conflated')).toHaveLength(2);
});

test('a client that is slow and skips nothing is not told, nor one that skips for a moment only', async () => {
  outbox.send({ type: 'pong' });
  await sleep(20);
  update();
  await sleep(SLOW_MS);
  stream.takeOne();
  await sleep(20);
  await takeAfter(20);
  stream.open();
  await expect.poll(() => outbox.idle).toBe(true);
  expect(said()).not.toContain('conflated');
});

import { Registry } from '@prometheus-io/client';
import { beforeEach, expect, test } from 'vitest';

import { GatewayMetrics } from '../../../src/gateway/gateway-metrics.ts';
import { Outbox } from '../../../src/gateway/outbox/outbox.ts';
import { Flusher } from '../../../src/gateway/speed/flusher.ts';
import { updateFrame } from '../../../src/gateway/speed/frames.ts';
import type { JobFeed } from '../../../src/jobs/feed/job-feed.ts';
import { JobState } from '../../../src/jobs/model/job-view.ts';
import { SlowStream } from '../../helpers/clients/slow-stream.ts';

let stream: SlowStream;
let outbox: Outbox;
let feed: { offset: number };

beforeEach(async () => {
  stream = new SlowStream();
  feed = { offset: 10 };
  const metrics = new GatewayMetrics(new Registry(), {} as JobFeed, () => ({ count: 0, bufferedBytes: 0 }));
  outbox = new Outbox(
    stream,
    { feed, flusher: new Flusher(), metrics },
    { onEnded: () => {}, onGone: () => {} },
  );
});

/** Lets the feed pass on the next event, of a job. */
function hear(id: string, status = 'processing'): void {
  const state = read(id, ++feed.offset, status);
  state.offset = feed.offset;
  outbox.update(state);
}
const read = (id: string, version: number, status = 'processing') =>
  new JobState({ id, version: `${version}`, status }, 'epoch');
/** What the stream was given, in short: `type@offset`. */
const said = () => stream.given.map((message) => `${message.type}@${String(message['offset'])}`);
async function block(): Promise<void> {
  outbox.send({ type: 'pong' });
  await new Promise((resolve) => setTimeout(resolve, 20));
}
async function unblock(): Promise<void> {
  stream.open();
  await expect.poll(() => outbox.idle).toBe(true);
}

test('a state that goes at once has its own offset, and states that wait have that of the last event', async () => {
  stream.open();
  hear('a');
  hear('a');
  hear('b');
  // An event of a job that the client does not watch.
  feed.offset++;
  await unblock();
  expect(said()).toEqual(['update@11', 'update@14']);
});

test('while states wait for another frame, the offset stays before the first of them', async () => {
  await block();
  for (let i = 0; i < 250; i++) hear(`job-${i}`);
  // The newer state keeps the place of the older one, and is in the first frame.
  hear('job-0');
  await unblock();
  expect(said().slice(1)).toEqual(['update@110', 'update@210', 'update@261']);
});

test('until a client is told that a job has left, the offset stays before the leave', async () => {
  stream.open();
  hear('a');
  outbox.gone(1, 'a', feed.offset);
  hear('a', 'completed');
  await unblock();
  expect(said()).toEqual(['update@11', 'update@11', 'gone@12']);
});

test('the offset of a snapshot counts once all of it has gone, and nothing older waits', async () => {
  await block();
  feed.offset = 15;
  hear('other');
  outbox.snapshot(
    1,
    Array.from({ length: 150 }, (_, i) => read(`job-${i}`, 1)),
    true,
  );
  outbox.snapshot(2, [], false);
  await unblock();
  expect(said().slice(1)).toEqual(['snapshot@10', 'snapshot@10', 'snapshot@15', 'update@16']);
  expect(stream.given.slice(1, 4)).toMatchObject([
    { resumed: true, more: true },
    { resumed: true, more: false },
    { resumed: false, more: false },
  ]);
});

test('`live` does not count what follows it, and in a new epoch the offset begins anew', async () => {
  await block();
  outbox.live('epoch');
  const missed = read('a', 5);
  missed.offset = feed.offset;
  outbox.update(missed);
  feed.offset = 20;
  await unblock();
  outbox.forgetEpoch();
  feed.offset = 0;
  outbox.live('next');
  await unblock();
  expect(said().slice(1)).toEqual(['live@9', 'update@20', 'live@0']);
});

test('clients of the same states share a frame, and one with another offset gets its own', () => {
  const states = [read('a', 1)];
  const first = updateFrame(states, 7);
  expect(updateFrame(states, 6)).not.toBe(first);
  expect(updateFrame([...states], 7)).toBe(first);
});

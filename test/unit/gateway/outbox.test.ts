import { Registry } from '@prometheus-io/client';
import { beforeEach, expect, test } from 'vitest';

import { Flusher } from '../../../src/gateway/speed/flusher.ts';
import { GatewayMetrics } from '../../../src/gateway/gateway-metrics.ts';
import { Outbox } from '../../../src/gateway/outbox/outbox.ts';
import type { JobFeed } from '../../../src/jobs/feed/job-feed.ts';
import { JobState } from '../../../src/jobs/model/job-view.ts';
import { SlowStream } from '../../helpers/clients/slow-stream.ts';

const PONG = { type: 'pong' } as const;
let stream: SlowStream;
let feed: { offset: number };
let outbox: Outbox;
let sent: JobState[];
/** The jobs of which a channel says no more. */
let gone: string[];

beforeEach(() => {
  stream = new SlowStream();
  [sent, gone] = [[], []];
  const metrics = new GatewayMetrics(new Registry(), {} as JobFeed, () => ({ count: 0, bufferedBytes: 0 }));
  feed = { offset: 0 };
  outbox = new Outbox(
    stream,
    { feed, flusher: new Flusher(), metrics },
    {
      onEnded: (states) => sent.push(...states),
      onGone: (jobIds) => gone.push(...jobIds),
    },
  );
});

const state = (id: string, version: number, status = 'processing', run = 1) =>
  new JobState({ id, version: `${version}`, status, run: `${run}` }, 'epoch');
/** Lets what was asked for be given to the stream. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));
/** What the stream was given, in short: `type job@version …`. */
const said = () =>
  stream.given.map((message) => {
    const jobs = (message['jobs'] ?? []) as (string | { id: string; version: number })[];
    const names = jobs.map((job) => (typeof job === 'string' ? job : `${job.id}@${job.version}`));
    return [message.type, ...names].join(' ');
  });
/** Gives the stream one frame that it does not take. */
async function block(): Promise<void> {
  outbox.send(PONG);
  await turn();
}
async function unblock(): Promise<void> {
  stream.open();
  await expect.poll(() => outbox.idle).toBe(true);
}

test('while the socket takes nothing, newer states replace older ones, and older ones come to nothing', async () => {
  await block();
  for (let version = 1; version <= 50; version++) outbox.update(state('a', version));
  outbox.update(state('b', 1));
  outbox.update(state('a', 20));
  await unblock();
  expect(said()).toEqual(['pong', 'update a@50 b@1']);
  outbox.update(state('a', 50));
  outbox.update(state('a', 49));
  await turn();
  expect(said()).toHaveLength(2);
});

test('a terminal state is sent, though the job has been rerun meanwhile', async () => {
  await block();
  outbox.update(state('a', 4, 'processing'));
  outbox.update(state('a', 5, 'failed'));
  outbox.update(state('a', 6, 'queued', 2));
  outbox.update(state('a', 7, 'processing', 2));
  outbox.update(state('a', 8, 'failed', 2));
  outbox.update(state('a', 9, 'queued', 3));
  await unblock();
  expect(said().join(' ').match(/a@\d/g)).toEqual(['a@5', 'a@8', 'a@9']);
});

test('an end that waits goes before a snapshot that shows the next run, and only once', async () => {
  await block();
  outbox.update(state('a', 5, 'failed'));
  outbox.update(state('a', 6, 'queued', 2));
  outbox.update(state('b', 5, 'failed'));
  outbox.update(state('c', 5, 'failed'));
  outbox.snapshot(1, [state('a', 6, 'queued', 2), state('b', 5, 'failed')], false);
  await unblock();
  expect(said()).toEqual(['pong', 'update a@5', 'snapshot a@6 b@5', 'update c@5']);
});

test('an end that waits in a snapshot is not replaced by what comes after it', async () => {
  await block();
  outbox.snapshot(1, [state('a', 5, 'failed'), state('b', 5)], false);
  for (const id of ['a', 'b']) {
    outbox.update(state(id, 6, 'queued', 2));
    outbox.update(state(id, 7, 'processing', 2));
  }
  await unblock();
  expect(said()).toEqual(['pong', 'snapshot a@5 b@7', 'update a@7']);
});

test('ends that wait are sent when their epoch is over, before the next begins, and its versions begin anew', async () => {
  await block();
  outbox.snapshot(1, [state('a', 5, 'failed'), state('b', 5)], false);
  outbox.update(state('a', 6, 'queued', 2));
  outbox.update(state('c', 5, 'completed'));
  outbox.update(state('d', 5));
  outbox.forgetEpoch();
  outbox.live('next');
  for (const id of ['a', 'c']) outbox.update(state(id, 1));
  await unblock();
  expect(said()).toEqual(['pong', 'snapshot', 'update a@5 c@5', 'live', 'update a@1 c@1']);
  expect(sent.map(({ id }) => id)).toEqual(['a', 'c']);
});

test('`gone` goes after the state, and a job that enters again is not gone', async () => {
  await block();
  for (const id of ['a', 'b']) {
    outbox.update(state(id, 5, 'completed'));
    outbox.gone(1, id);
  }
  outbox.notGone(1, 'b');
  outbox.gone(2, 'b');
  await unblock();
  expect(said()).toEqual(['pong', 'update a@5 b@5', 'gone a', 'gone b']);
  expect(stream.given.slice(-2)).toMatchObject([{ id: 1 }, { id: 2 }]);
  expect(gone).toEqual(['a', 'b']);
});

test('jobs that have left a channel at once are told in pages, and so are long ids', async () => {
  await block();
  for (let i = 0; i < 250; i++) outbox.gone(1, `job-${i}`);
  for (let i = 0; i < 7; i++) outbox.gone(2, `${i}`.repeat(20_000));
  await unblock();
  const pages = stream.given.filter(({ type }) => type === 'gone');
  expect(pages.map(({ id, jobs }) => [id, (jobs as unknown[]).length])).toEqual([
    [1, 100],
    [1, 100],
    [1, 50],
    [2, 4],
    [2, 3],
  ]);
  expect(gone.slice(0, 250)).toEqual(Array.from({ length: 250 }, (_, i) => `job-${i}`));
});

test('a client that reads nothing is too far behind when too many jobs have left, or their ids are too long', async () => {
  const soon = performance.now() + 2000;
  await block();
  for (let i = 0; i < 1000; i++) outbox.gone(1, `${i}`);
  expect(outbox.isTooFarBehind(soon)).toBe(false);
  outbox.gone(2, 'one more');
  expect(outbox.isTooFarBehind(soon)).toBe(true);
  outbox.notGone(2, 'one more');
  expect(outbox.isTooFarBehind(soon)).toBe(false);
  for (let i = 0; i < 20; i++) {
    outbox.notGone(1, `${i}`);
    outbox.gone(1, `${i}`.padEnd(15_000));
  }
  expect(outbox.isTooFarBehind(soon)).toBe(true);
  outbox.forgetSubscription(1);
  expect(outbox.isTooFarBehind(soon)).toBe(false);
});

test('a channel that ends before it has said which jobs have left it leaves none behind', async () => {
  await block();
  outbox.gone(1, 'a');
  outbox.forgetSubscription(1);
  expect(gone).toEqual(['a']);
  await unblock();
  expect(said()).toEqual(['pong']);
});

test('the pages of a snapshot hold the states that are latest when they go', async () => {
  await block();
  const states = Array.from({ length: 250 }, (_, i) => state(`job-${i}`, 1));
  outbox.update(state('job-3', 1));
  outbox.snapshot(1, states, false);
  outbox.update(state('job-240', 2));
  outbox.update(state('other', 1));
  await unblock();
  const pages = stream.given.filter(({ type }) => type === 'snapshot');
  expect(pages.map(({ more, jobs }) => [more, (jobs as unknown[]).length])).toEqual([
    [true, 100],
    [true, 100],
    [false, 50],
  ]);
  const all = said().join(' ');
  expect(all.match(/job-240@\d/g)).toEqual(['job-240@2']);
  expect(all.match(/job-3@\d/g)).toEqual(['job-3@1']);
  expect(said().at(-1)).toBe('update other@1');
});

test('answers go in their order, before updates', async () => {
  await block();
  outbox.update(state('b', 1));
  outbox.send({ type: 'stale' });
  outbox.snapshot(1, [state('a', 1)], false);
  outbox.live('h');
  await unblock();
  expect(said()).toEqual(['pong', 'stale', 'snapshot a@1', 'live', 'update b@1']);
});

test('what the client says that it has is not sent, and what is newer is', async () => {
  stream.open();
  outbox.has('a', 7);
  outbox.update(state('a', 7));
  outbox.update(state('a', 8));
  await turn();
  outbox.forgetEpoch();
  outbox.update(state('a', 1));
  await turn();
  expect(said()).toEqual(['update a@8', 'update a@1']);
});

test('a state that was passed while it waited does not keep the next one back', async () => {
  await block();
  for (const id of ['a', 'b']) outbox.update(state(id, 1));
  outbox.has('a', 2);
  await unblock();
  // The first goes at once, the second waits.
  for (const id of ['b', 'a']) outbox.update(state(id, 3));
  await turn();
  expect(said().slice(1)).toEqual(['update b@1', 'update b@3', 'update a@3']);
});

test('a client with nothing to take is given a state at once, and one frame a turn', async () => {
  stream.open();
  outbox.update(state('a', 1));
  expect(said()).toEqual(['update a@1']);
  outbox.update(state('a', 2));
  outbox.update(state('b', 1));
  expect(said()).toHaveLength(1);
  await turn();
  expect(said()).toEqual(['update a@1', 'update a@2 b@1']);
});

test('when an epoch is over, none of its states goes any more', async () => {
  await block();
  outbox.snapshot(1, [state('a', 5)], false);
  outbox.update(state('b', 5));
  outbox.forgetEpoch();
  outbox.live('next');
  outbox.update(state('a', 1));
  outbox.update(state('b', 2));
  await unblock();
  expect(said().join(' ').match(/\w@\d/g)).toEqual(['a@1', 'b@2']);
});

test('a client is too far behind when it takes nothing for long, or has too much to take', async () => {
  const in_ = (ms: number) => performance.now() + ms;
  expect(outbox.isTooFarBehind(in_(60_000))).toBe(false);
  await block();
  expect(outbox.isTooFarBehind(in_(29_000))).toBe(false);
  expect(outbox.isTooFarBehind(in_(31_000))).toBe(true);
  for (let i = 0; i <= 1000; i++) outbox.update(state(`job-${i}`, 1));
  expect(outbox.isTooFarBehind(in_(0))).toBe(false);
  expect(outbox.isTooFarBehind(in_(2000))).toBe(true);
  outbox.forgetEpoch();
  expect(outbox.isTooFarBehind(in_(2000))).toBe(false);
  const message = 'x'.repeat(3000);
  for (let i = 0; i < 100; i++)
    outbox.update(new JobState({ id: `long-${i}`, version: '1', message }, 'epoch'));
  expect(outbox.isTooFarBehind(in_(2000))).toBe(true);
  await unblock();
  expect(outbox.isTooFarBehind(in_(60_000))).toBe(false);
});

test('who waits is told when all was given, when all was taken, and when it is over', async () => {
  await block();
  let responded = false;
  let settled = false;
  outbox.send(PONG);
  void outbox.messagesSent().then(() => (responded = true));
  outbox.update(state('a', 5, 'completed'));
  void outbox.settled().then(() => (settled = true));
  for (let frame = 0; frame < 2; frame++) {
    stream.takeOne();
    await turn();
  }
  expect([responded, settled, sent.length]).toEqual([true, false, 0]);
  await unblock();
  expect([settled, sent.length]).toEqual([true, 1]);
  const other = outbox.settled();
  outbox.close();
  outbox.update(state('b', 1));
  await other;
  await turn();
  expect(said()).not.toContain('update b@1');
});

test('long states go in frames of about 64 KiB, for whoever does not read holds on to one', async () => {
  await block();
  const long = (id: string) =>
    new JobState({ id, version: '1', status: 'processing', message: 'x'.repeat(20_000) }, 'epoch');
  outbox.snapshot(1, ['a', 'b', 'c', 'd', 'e'].map(long), false);
  for (const id of ['f', 'g', 'h', 'i', 'j']) outbox.update(long(id));
  await unblock();
  expect(said()).toEqual([
    'pong',
    'snapshot a@1 b@1 c@1 d@1',
    'snapshot e@1',
    'update f@1 g@1 h@1 i@1',
    'update j@1',
  ]);
});

test('a dashboard of 2,000 jobs that change at once is not cut while it is busy for less than a second', async () => {
  const before = performance.now();
  await block();
  const message = 'x'.repeat(500);
  for (let i = 0; i < 2000; i++)
    outbox.update(new JobState({ id: `job-${i}`, version: '1', message }, 'epoch'));
  expect(outbox.isTooFarBehind(before + 900)).toBe(false);
  await unblock();
  expect(
    said()
      .join(' ')
      .match(/job-\d+@1/g),
  ).toHaveLength(2000);
});

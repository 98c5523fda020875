import { beforeEach, describe, expect, test } from 'vitest';

import { CLOSE, MAX_MESSAGE_BYTES } from '../../../src/contract/messages.ts';
import { pushedPage } from './pushed-page.ts';
import { snapshot, state, update } from './stand-in-server.ts';
import { GENEROUS_MS } from './test-page.ts';

const my = pushedPage();
/** What the page has of the job `pushed` after it was opened. */
const since = { epoch: 'first', offset: 5 };

test('many uploads do not stay a subscription each', async () => {
  await my.open();
  let accepted = 0;
  await my.user.page.route('**/api/documents/upload', (route) => {
    const response = {
      job_id: `job-${accepted++}`,
      status: 'queued',
      message: 'x',
      created_at: '2026-01-01T00:00:00Z',
    };
    return route.fulfill({ status: 202, json: response });
  });
  const file = (i: number) => ({ name: `${i}.txt`, mimeType: 'text/plain', buffer: Buffer.from('text') });
  await my.user.page.getByLabel('Choose files').setInputFiles(Array.from({ length: 101 }, (_, i) => file(i)));
  await expect.poll(() => accepted, { timeout: GENEROUS_MS }).toBe(101);
  const open = () => {
    const messages = my.server.received();
    const ended = new Set(
      messages.flatMap((message) => (message.type === 'unsubscribe' ? [message.id] : [])),
    );
    return messages.filter((message) => message.type === 'subscribe' && !ended.has(message.id));
  };
  const watched = () => new Set(open().flatMap((message) => ('jobs' in message ? message.jobs : [])));
  await expect
    .poll(() => [watched().size, open().length < 100], { timeout: GENEROUS_MS })
    .toEqual([102, true]);
});

describe('after a loss', () => {
  test('the page goes on from what it has, until versions begin anew', async () => {
    await my.open();
    await my.server.close(CLOSE.failed);
    await my.server.connected(3);
    my.server.welcome('first');
    expect(await my.server.subscription(2)).toMatchObject({ id: 1, since });

    await my.server.close(CLOSE.failed);
    await my.server.connected(4);
    my.server.welcome('second');
    expect(await my.server.subscription(3)).toEqual({
      type: 'subscribe',
      id: 1,
      channel: 'jobs',
      jobs: ['pushed'],
    });
    await my.shows('version 5');
    my.server.send(snapshot(2, state(2, 20)));
    await my.shows('version 2');

    my.server.send({ type: 'live', epoch: 'third', offset: 2 });
    my.server.send(update(3, state(1, 10)));
    await my.shows('version 1');
    expect((await my.user.seen()).progress).toEqual([60, 20, 10]);
  });

  test('many jobs are asked for in messages that are not too long', async () => {
    const ids = Array.from({ length: 400 }, (_, i) => `${i}`.padStart(200, 'x'));
    await my.openRemembering(Object.fromEntries(ids.map((id, i) => [id, `${i}.pdf`])));
    my.server.welcome('first');
    await my.server.subscription(2);
    for (const message of my.server.received())
      if (message.type === 'subscribe' && 'jobs' in message && message.jobs)
        my.server.send({ ...snapshot(7, ...message.jobs.map((id) => state(1, 10, id))), id: message.id });
    await my.user.card('399.pdf', 'processing').waitFor();
    await my.server.close(CLOSE.failed);
    await my.server.connected(3);
    my.server.welcome('first');
    await my.server.subscription(4);

    const again = my.server.received().slice(2);
    for (const message of again) {
      expect(JSON.stringify(message).length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
      expect(message).toMatchObject({ since: { epoch: 'first', offset: 7 } });
    }
    const named = again.flatMap((message) => ('jobs' in message ? (message.jobs ?? []) : []));
    expect(named.toSorted()).toEqual(ids.toSorted());
  });

  test('that nobody has noticed, states come over a new line', async () => {
    await my.user.page.goto(my.url);
    await my.server.connected(1);
    my.server.welcome('first');
    await my.user.mode('live').waitFor();
    my.server.fallSilent();
    // Nothing responds to the ping, so the line counts as cut, and a new one is opened.
    await my.server.connected(2);
    expect(my.server.received()).toContainEqual({ type: 'ping' });
    expect((await my.user.seen()).modes.slice(0, 2)).toEqual(['live', 'stale']);
  });

  test('that the browser may know of, the page asks at once', async () => {
    await my.user.page.goto(my.url);
    await my.server.connected(1);
    my.server.welcome('first');
    await my.user.mode('live').waitFor();
    for (const event of ['online', 'offline', 'pageshow']) {
      const before = my.server.received().length;
      await my.user.page.evaluate(`window.dispatchEvent(new Event('${event}'))`);
      await expect.poll(() => my.server.received().slice(before)).toContainEqual({ type: 'ping' });
    }
  });
});

describe('after a close', () => {
  beforeEach(async () => {
    await my.user.page.clock.install();
    await my.open();
    // Not so late that the page asks whether the line is there.
    await my.user.page.clock.pauseAt(Date.now() + 3000);
  });
  const pass = (ms: number) => my.user.page.clock.runFor(ms);

  test('that was announced the page is back when it was told to, and says nothing', async () => {
    my.server.send({ type: 'reconnect', after_ms: 1200 });
    await my.server.close(CLOSE.drain);
    await pass(1100);
    expect(my.server.connections()).toBe(2);
    await pass(100);
    await my.server.connected(3);
    // The server is not quite up yet.
    await my.server.close(CLOSE.failed);
    await pass(500);
    await my.server.connected(4);
    my.server.welcome('first');
    expect(await my.server.subscription(2)).toMatchObject({ id: 1, since });
    await pass(5000);
    expect((await my.user.seen()).modes).toEqual(['live']);
  });

  test('that was announced the page does say if it takes long', async () => {
    my.server.send({ type: 'reconnect', after_ms: 10_000 });
    await my.server.close(CLOSE.drain);
    await pass(1900);
    expect((await my.user.seen()).modes).toEqual(['live']);
    await pass(100);
    expect((await my.user.seen()).modes).toEqual(['live', 'stale']);
  });

  test('for being too far behind it is back at once, with what it has', async () => {
    await my.server.close(CLOSE.tooFarBehind);
    await pass(1);
    await my.server.connected(3);
    my.server.welcome('first');
    expect(await my.server.subscription(2)).toMatchObject({ id: 1, since });
    expect((await my.user.seen()).modes).toEqual(['live']);
  });

  test('for there being too many it comes again much later', async () => {
    await my.server.close(CLOSE.tooMany);
    await pass(55_000);
    expect(my.server.connections()).toBe(2);
    await pass(65_000);
    expect(my.server.connections()).toBeGreaterThan(2);
  });

  test('that is final it does not come again', async () => {
    await my.server.close(CLOSE.tooLarge);
    await my.user.page.clock.fastForward(600_000);
    await my.user.mode('offline').waitFor();
    expect(my.server.connections()).toBe(2);
  });
});

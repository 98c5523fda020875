import { beforeEach, describe, expect, test } from 'vitest';

import { CLOSE } from '../../../src/contract/messages.ts';
import { pushedPage } from './pushed-page.ts';
import { snapshot, state, update } from './stand-in-server.ts';

const my = pushedPage();
/** What the page has of the job `pushed` after it was opened. */
const since = { epoch: 'first', offset: 5 };

describe('after a loss', () => {
  test('the page goes on from what it has, until versions begin anew', async () => {
    await my.open();
    await my.server.close(CLOSE.failed);
    await my.server.connected(2);
    my.server.welcome('first');
    expect(await my.server.subscription(2)).toMatchObject({ id: 1, since });

    await my.server.close(CLOSE.failed);
    await my.server.connected(3);
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
    expect((await my.shown()).messages).toEqual(['version 5', 'version 2', 'version 1']);
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
    expect(my.server.connections()).toBe(1);
    await pass(100);
    await my.server.connected(2);
    // The server is not quite up yet.
    await my.server.close(CLOSE.failed);
    await pass(500);
    await my.server.connected(3);
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
    await my.server.connected(2);
    my.server.welcome('first');
    expect(await my.server.subscription(2)).toMatchObject({ id: 1, since });
    expect((await my.user.seen()).modes).toEqual(['live']);
  });

  test('for there being too many it comes again much later', async () => {
    await my.server.close(CLOSE.tooMany);
    await pass(55_000);
    expect(my.server.connections()).toBe(1);
    await pass(65_000);
    expect(my.server.connections()).toBeGreaterThan(1);
  });

  test('that is final it does not come again', async () => {
    await my.server.close(CLOSE.tooLarge);
    await my.user.page.clock.fastForward(600_000);
    await my.user.mode('offline').waitFor();
    expect(my.server.connections()).toBe(1);
  });
});

import { beforeEach, expect, test } from 'vitest';

import { CLOSE, MAX_MESSAGE_BYTES } from '../../../src/contract/messages.ts';
import { pushedPage } from '../client/pushed-page.ts';
import { snapshot, state } from '../client/stand-in-server.ts';
import { GENEROUS_MS } from '../client/test-page.ts';

const my = pushedPage();
const GENEROUS = { timeout: GENEROUS_MS };

beforeEach(async () => {
  // A document of the server without a client of its own.
  await my.user.page.goto(`${my.origin}/sluice.js`);
  await my.user.page.evaluate(`import('/sluice.js').then(({ Sluice }) => {
    window.sluice = new Sluice();
    window.watches = new Map();
    window.watch = (id) => watches.set(id, sluice.watch(id, { follow: true }));
  })`);
});

test('watches that come one by one do not stay a subscription each', async () => {
  await my.user.page.evaluate(`watch('job-0')`);
  await my.server.connected(1);
  my.server.welcome('first');
  await my.user.page.evaluate(`(async () => {
    for (let i = 1; i <= 101; i++) {
      watch('job-' + i);
      await new Promise((resolve) => setTimeout(resolve));
    }
  })()`);
  const open = () => {
    const messages = my.server.received();
    const ended = new Set(
      messages.flatMap((message) => (message.type === 'unsubscribe' ? [message.id] : [])),
    );
    return messages.filter((message) => message.type === 'subscribe' && !ended.has(message.id));
  };
  const watched = () => new Set(open().flatMap((message) => ('jobs' in message ? message.jobs : [])));
  await expect.poll(() => [watched().size, open().length < 100], GENEROUS).toEqual([102, true]);
});

test('after a loss, many jobs are asked for in messages that are not too long', async () => {
  const ids = Array.from({ length: 400 }, (_, i) => `${i}`.padStart(200, 'x'));
  await my.user.page.evaluate(`${JSON.stringify(ids)}.forEach(watch)`);
  await my.server.connected(1);
  my.server.welcome('first');
  await my.server.subscription(2);
  for (const message of my.server.received())
    if (message.type === 'subscribe' && 'jobs' in message && message.jobs)
      my.server.send({ ...snapshot(7, ...message.jobs.map((id) => state(1, 10, id))), id: message.id });
  const known = () => my.user.page.evaluate('[...watches.values()].filter(({ job }) => job).length');
  await expect.poll(known, GENEROUS).toBe(400);
  await my.server.close(CLOSE.failed);
  await my.server.connected(2);
  my.server.welcome('first');
  await my.server.subscription(4);

  const again = my.server
    .received()
    .filter(({ type }) => type === 'subscribe')
    .slice(2);
  for (const message of again) {
    expect(JSON.stringify(message).length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    expect(message).toMatchObject({ since: { epoch: 'first', offset: 7 } });
  }
  const named = again.flatMap((message) => ('jobs' in message ? (message.jobs ?? []) : []));
  expect(named.toSorted()).toEqual(ids.toSorted());
});

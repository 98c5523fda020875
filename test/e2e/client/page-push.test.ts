import { describe, expect, test } from 'vitest';

import { pushedPage } from './pushed-page.ts';
import { state, update } from './stand-in-server.ts';
import { GENEROUS_MS } from './test-page.ts';

const GENEROUS = { timeout: GENEROUS_MS };
const my = pushedPage();

describe('what is pushed', () => {
  test('is shown only if it is newer', async () => {
    await my.open();
    expect(await my.job().locator('.counts').textContent()).toBe('600 of 1,000 chunks');
    my.server.send(update(9, state(4, 30)));
    my.server.send({ type: 'of a later protocol', jobs: [state(9, 90)] });
    my.server.send(update(9, state(8, 80, 'of somebody else')));
    my.server.send(update(9, state(6, 70)));
    await my.shows('version 6');
    expect(await my.shown()).toEqual({ messages: ['version 5', 'version 6'], percents: [60, 70] });
  });
});

test('between two whole percents the bar moves, and the number stays', async () => {
  await my.open();
  my.server.send(update(9, state(6, 73.94)));
  await my.shows('version 6');
  expect(await my.job().locator('.percent').textContent()).toBe('73%');
  const bar = my.job().getByRole('progressbar');
  expect(await bar.getAttribute('aria-valuenow')).toBe('73');
  expect(await bar.locator('div').evaluate((element) => element.style.transform)).toBe('scaleX(0.7394)');
});

test('with an estimate of the time left, the bar shows the share of the time', async () => {
  await my.open();
  const started_at = '2026-01-01T00:00:00Z';
  const times = { started_at, updated_at: '2026-01-01T00:01:00Z', time_left_ms: 3_540_000 };
  // One of sixty minutes is over. By stages the job is at 60 %. The bar never falls within an attempt.
  my.server.send(update(9, { ...state(6, 60), ...times, attempt: 2 }));
  await my.shows('version 6');
  expect(await my.job().locator('.percent').textContent()).toBe('1%');
  expect(await my.job().locator('.facts').textContent()).toContain('about 59');
});

test('the page shows a cancelled job as cancelled, not as an error', async () => {
  await my.open();
  const cancelled = { status: 'failed', error: 'The job was cancelled.', error_code: 'cancelled' } as const;
  my.server.send(update(9, { ...state(6, 60), ...cancelled, message: 'Cancelled' }));
  const view = my.job('cancelled');
  expect(await view.locator('.status').textContent()).toBe('Cancelled');
  const message = view.locator('.message');
  expect(await message.textContent()).toBe('Cancelled');
  // Assistive technology hears of it.
  expect(await message.getAttribute('role')).toBe('status');
});

describe('when the server hears of nothing', () => {
  test('the page says so, asks meanwhile, and is live again', async () => {
    await my.open();
    my.server.send({ type: 'stale' });
    await my.user.mode('stale').waitFor();
    await expect.poll(() => my.server.asked().length, GENEROUS).toBeGreaterThan(0);
    await my.shows('version 5');
    my.server.respond(200, state(6, 65), 'first');
    await my.shows('version 6');
    await my.user.mode('polling').waitFor();
    my.server.send({ type: 'live', epoch: 'first' });
    await my.user.mode('live').waitFor();
    expect((await my.user.seen()).modes).toEqual(['live', 'stale', 'polling', 'live']);
  });

  test('what has not changed is not sent again', async () => {
    await my.open();
    my.server.respond(200, state(5, 60), 'first');
    my.server.send({ type: 'stale' });
    await my.user.mode('polling').waitFor();
    my.server.respond(200, state(1, 10), 'second');
    await my.shows('version 1');
    await expect.poll(() => my.server.asked().at(-1), GENEROUS).toEqual({ tag: '"second-1"', status: 304 });
    expect(my.server.asked()[0]).toEqual({ tag: undefined, status: 200 });
  });

  test('an answer that comes late does not undo what was pushed', async () => {
    await my.open();
    const asked = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    await my.user.page.route('**/api/jobs?*', async (route) => {
      asked.resolve();
      await late.promise;
      await route.fulfill({ json: { jobs: [state(9, 90)] }, headers: { etag: '"first-9"' } });
    });
    my.server.send({ type: 'stale' });
    await asked.promise;
    my.server.send({ type: 'live', epoch: 'second' });
    my.server.send(update(9, state(1, 10)));
    await my.shows('version 1');
    const responded = my.user.page.waitForResponse('**/api/jobs?*');
    late.resolve();
    await (await responded).finished();
    my.server.send(update(9, state(2, 20)));
    await my.shows('version 2');
    expect((await my.shown()).messages).toEqual(['version 5', 'version 1', 'version 2']);
  });
});

describe('a job that the server has lost', () => {
  test('is said to be unknown, and is followed again when it is back', async () => {
    await my.open();
    const lost = {
      type: 'error',
      id: 1,
      code: 'job_not_found',
      detail: 'x',
      jobs: ['pushed'],
    };
    my.server.send(lost);
    const words = my.job('unknown').locator('.message');
    expect(await words.textContent()).toContain('had not ended when last heard of');

    my.server.send(update(9, state(1, 10)));
    await my.job('processing').waitFor();
    await my.shows('version 1');

    my.server.send(update(9, { ...state(2, 100), status: 'completed', message: 'Completed' }));
    await my.job('completed').waitFor();
    my.server.send(lost);
    expect(await my.job('unknown').locator('.message').textContent()).toContain('kept for a limited time');
  });

  test('may never have existed, and the page says so', async () => {
    await my.user.page.goto(my.url);
    await my.server.connected(1);
    my.server.welcome('first');
    await my.server.subscription(1);
    my.server.send({ type: 'error', id: 1, code: 'job_not_found', detail: 'x', jobs: ['pushed'] });
    expect(await my.job('unknown').locator('.message').textContent()).toContain('knows no job with this id');

    my.server.send(update(9, state(1, 10)));
    await my.shows('version 1');
  });
});

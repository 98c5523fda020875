import { expect, test } from 'vitest';

import { Condition } from '../../../src/http/condition.ts';

const LONG_MS = 60_000;

test('a reader gets what comes while it waits', async () => {
  const condition = new Condition();
  let news: string | undefined;
  const found = condition.until(() => news, LONG_MS);
  await Promise.resolve();
  news = 'here';
  condition.notify();
  expect(await found).toBe('here');
});

test('a notification that comes during a look is not lost', async () => {
  const condition = new Condition();
  let news: string | undefined;
  const look = async () => {
    const found = news;
    if (found === undefined) {
      news = 'here';
      condition.notify();
    }
    await Promise.resolve();
    return found;
  };
  expect(await condition.until(look, LONG_MS)).toBe('here');
});

test('a wait ends in its time, and at the end', async () => {
  const condition = new Condition();
  const nothing = () => undefined;
  expect(await condition.until(nothing, 1)).toBeUndefined();
  const waiting = condition.until(nothing, LONG_MS);
  condition.end();
  expect(await waiting).toBeUndefined();
  expect(await condition.until(nothing, LONG_MS)).toBeUndefined();
});

import { expect, test } from 'vitest';

import { Backoff } from '../../../client/sdk/backoff.ts';

test('pauses are anything from 0 to a bound that doubles up to the longest', () => {
  const longest = new Backoff(500, 3000, () => 1);
  expect([1, 2, 3, 4, 5].map(() => longest.next())).toEqual([500, 1000, 2000, 3000, 3000]);
  const shortest = new Backoff(500, 3000, () => 0);
  expect([1, 2, 3].map(() => shortest.next())).toEqual([0, 0, 0]);
});

test('a success begins anew', () => {
  const backoff = new Backoff(500, 3000, () => 1);
  backoff.next();
  backoff.next();
  expect(backoff.failures).toBe(2);
  backoff.reset();
  expect(backoff.next()).toBe(500);
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Flusher } from '../../src/gateway/flusher.ts';

let flusher: Flusher;
let flushes: number;
const flushable = { flush: () => flushes++ };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'performance'] });
  flusher = new Flusher();
  flushes = 0;
});
afterEach(() => vi.useRealTimers());

/** Lets time pass. @param asked how often something is asked for in each of the milliseconds */
function pass(ms: number, asked = 0): void {
  for (let passed = 0; passed < ms; passed++) {
    for (let i = 0; i < asked; i++) flusher.add(flushable);
    vi.advanceTimersByTime(1);
  }
}

test('what is asked for is flushed once, in the same turn', () => {
  const other = { flush: vi.fn() };
  for (const due of [flushable, other, flushable]) flusher.add(due);
  expect(flushes).toBe(0);
  vi.advanceTimersByTime(0);
  expect([flushes, other.flush.mock.calls.length]).toEqual([1, 1]);
});

test('as long as waiting would spare nothing, every state is flushed at once', () => {
  pass(100, 1);
  expect(flushes).toBe(100);
});

test('when states follow each other faster than they are flushed they share a flush, until that is over', () => {
  pass(200, 3);
  expect(flushes).toBeLessThan(40);
  expect(flushes).toBeGreaterThanOrEqual(20);
  for (let i = 0; i < 6; i++) {
    pass(1, 1);
    pass(10);
  }
  flushes = 0;
  pass(10, 1);
  expect(flushes).toBe(10);
});

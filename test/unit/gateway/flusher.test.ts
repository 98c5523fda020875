import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Flusher } from '../../../src/gateway/speed/flusher.ts';

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

test('who has nothing else to send may send a frame a turn at once; what comes after it in the turn waits', () => {
  expect(flusher.mayGo(0)).toBe(true);
  const sentIn = flusher.turn;
  expect(flusher.mayGo(sentIn)).toBe(false);
  flusher.add(flushable);
  // Others may not overtake those that wait.
  expect(flusher.mayGo(0)).toBe(false);
  vi.advanceTimersByTime(0);
  expect(flushes).toBe(1);
  expect(flusher.turn).not.toBe(sentIn);
});

test('of a great many only some go at once, for a turn is to end', () => {
  let atOnce = 0;
  while (flusher.mayGo(0)) atOnce++;
  expect(atOnce).toBe(1000);
  vi.advanceTimersByTime(0);
  expect(flusher.mayGo(0)).toBe(true);
});

test('when most frames are followed by another in their turn, none goes at once, until that is over', () => {
  let sentIn = 0;
  let atOnce = 0;
  const ask = (): void => {
    if (!flusher.mayGo(sentIn)) return flusher.add(flushable);
    sentIn = flusher.turn;
    atOnce++;
  };
  for (let ms = 0; ms < 100; ms++) {
    for (let i = 0; i < 3; i++) ask();
    vi.advanceTimersByTime(1);
  }
  expect(atOnce).toBe(1);
  expect(flushes).toBeLessThan(20);
  for (let i = 0; i < 6; i++) {
    ask();
    pass(11);
  }
  expect(atOnce).toBeGreaterThan(1);
});

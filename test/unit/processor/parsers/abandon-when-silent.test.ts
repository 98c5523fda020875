import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';

import {
  abandonWhenSilent,
  hasAbandonedWork,
} from '../../../../src/processor/parsers/abandon-when-silent.ts';

const LONG_MS = 60_000;

it('works on the next value while the caller works on one', async () => {
  const begun: number[] = [];
  async function* source() {
    for (let value = 1; value <= 3; value++) {
      begun.push(value);
      yield await Promise.resolve(value);
    }
  }
  const seen: [number, number[]][] = [];
  for await (const value of abandonWhenSilent(source(), LONG_MS)) {
    seen.push([value, [...begun]]);
  }
  expect(seen).toEqual([
    [1, [1, 2]],
    [2, [1, 2, 3]],
    [3, [1, 2, 3]],
  ]);
  expect(hasAbandonedWork()).toBe(false);
});

it('throws an error of the source after the values before it', async () => {
  async function* source() {
    yield await Promise.resolve(1);
    throw new Error('broken');
  }
  const seen: number[] = [];
  const reading = async () => {
    for await (const value of abandonWhenSilent(source(), LONG_MS)) {
      // The error comes now.
      await setImmediate();
      seen.push(value);
    }
  };
  await expect(reading()).rejects.toThrow('broken');
  expect(seen).toEqual([1]);
});

it('counts a call as abandoned until it ends, after silence or if the caller stops', async () => {
  for (const stops of [false, true]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    let isClosed = false;
    async function* source() {
      try {
        yield 1;
        await promise;
        yield 2;
      } finally {
        isClosed = true;
      }
    }
    const values = abandonWhenSilent(source(), stops ? LONG_MS : 5);
    expect((await values.next()).value).toBe(1);
    if (stops) await values.return(undefined);
    else await expect(values.next()).rejects.toThrow('nothing for 5 ms');
    expect(hasAbandonedWork()).toBe(true);
    resolve();
    await expect.poll(hasAbandonedWork).toBe(false);
    expect(isClosed).toBe(true);
  }
});

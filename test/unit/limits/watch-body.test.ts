import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { AppError } from '../../../src/errors.ts';
import { watchBody } from '../../../src/limits/watch-body.ts';

const LIMITS = { maxBytes: 10_000, leastRate: 10, windowMs: 1000 };
let body: Readable & { socket: { bytesRead: number } };
let arrived: number;
let failures: string[];
let end: () => void;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  body = Object.assign(new Readable({ read() {} }), { socket: { bytesRead: 0 } });
  arrived = 0;
  failures = [];
  const count = { arrived: (bytes: number) => void (arrived += bytes) };
  end = watchBody(
    body as unknown as IncomingMessage,
    count,
    LIMITS,
    ({ code }: AppError) => void failures.push(code),
  );
});
afterEach(() => {
  end();
  vi.useRealTimers();
});

/** Lets bytes arrive, and then a window pass. */
async function window(bytes: number): Promise<void> {
  if (bytes > 0) body.push(Buffer.alloc(bytes));
  await new Promise(setImmediate);
  vi.advanceTimersByTime(LIMITS.windowMs);
}

test('a body that keeps its rate goes on; one that falls below it is refused once', async () => {
  for (const bytes of [10, 20, 10]) await window(bytes);
  expect(failures).toEqual([]);
  await window(9);
  await window(0);
  expect(failures).toEqual(['upload_too_slow']);
  expect(arrived).toBe(49);
});

test('a body that the server does not read is not too slow', async () => {
  await window(10);
  body.pause();
  await window(0);
  await window(0);
  body.resume();
  await window(0);
  expect(failures).toEqual([]);
  await window(0);
  expect(failures).toEqual(['upload_too_slow']);
});

test('a body that is too large is refused by the bytes that arrive', async () => {
  await window(10_000);
  expect(failures).toEqual([]);
  await window(1);
  expect(failures).toEqual(['body_too_large']);
});

test('an ended watch counts nothing', async () => {
  end();
  await window(0);
  expect(failures).toEqual([]);
});

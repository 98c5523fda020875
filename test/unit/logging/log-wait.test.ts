import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { logWait } from '../../../src/logging/log-wait.ts';
import { quietLogger } from '../../helpers/servers/roles.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('a wait is named once after five seconds, and a shorter one never', async () => {
  const logger = quietLogger();
  const long = Promise.withResolvers<string>();
  const waiting = logWait(long.promise, 'the tide', logger);
  await vi.advanceTimersByTimeAsync(4999);
  expect(logger.lines).toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(logger.lines).toHaveLength(1);
  expect(logger.lines[0]).toContain('waiting for the tide');
  long.resolve('in');
  expect(await waiting).toBe('in');

  await expect(logWait(Promise.reject(new Error('gone')), 'nothing', logger)).rejects.toThrow('gone');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(logger.lines).toHaveLength(1);
});

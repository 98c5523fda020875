import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Admission } from '../../../src/gateway/admission.ts';
import { Limiter } from '../../../src/limits/limiter.ts';
import { WIDE_LIMITS } from '../../helpers/faults/limits.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const passed = (admission: Admission, tries: number) =>
  Array.from({ length: tries }, () => admission.pass()).filter(Boolean).length;

test('a burst is let in, those beyond it later, at the rate', () => {
  const admission = new Admission(new Limiter(WIDE_LIMITS));
  expect(passed(admission, 3000)).toBe(2000);
  expect(passed(admission, 10)).toBe(0);
  vi.advanceTimersByTime(1000);
  expect(passed(admission, 3000)).toBe(1000);
  vi.advanceTimersByTime(60_000);
  expect(passed(admission, 3000)).toBe(2000);
});

test('an address has its limit, others have theirs, and loopback none', () => {
  const admission = new Admission(new Limiter(WIDE_LIMITS));
  const enter = (address: string, times: number) =>
    Array.from({ length: times }, () => admission.enter(`address:${address}`));
  const sessions = enter('192.0.2.1', 2000);
  expect(sessions).not.toContain(undefined);
  expect(admission.enter('address:192.0.2.1')).toBeUndefined();
  expect(admission.enter('address:192.0.2.2')).toBeDefined();
  sessions[0]!();
  expect(admission.enter('address:192.0.2.1')).toBeDefined();
  for (const loopback of ['127.0.0.1', '127.8.8.8', '0:0:0:0:0:0:0:1'])
    expect(enter(loopback, 2100)).not.toContain(undefined);
});

test('a full node takes no more, until somebody leaves', () => {
  const admission = new Admission(new Limiter(WIDE_LIMITS));
  const leaves = Array.from({ length: 50_000 }, () => admission.enter('address:127.0.0.1'));
  expect(admission.pass()).toBe(false);
  leaves[0]!();
  expect(admission.pass()).toBe(true);
});

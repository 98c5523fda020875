import { expect, test } from 'vitest';

import { isPassing, readRetryAfter, SluiceError, toSluiceError } from '../../../client/sdk/sluice-error.ts';

test.each([
  [408, true],
  [429, true],
  [500, true],
  [503, true],
  [507, true],
  [400, false],
  [401, false],
  [404, false],
  [409, false],
  [413, false],
  [422, false],
])('a response with %i passes: %s', (status, passes) => {
  expect(isPassing(toSluiceError(status, '', null))).toBe(passes);
});

test('a lost line passes, an aborted call does not', () => {
  const codes = ['unreachable', 'timeout', 'aborted', 'closed'];
  expect(codes.filter((code) => isPassing(new SluiceError(code, 'x')))).toEqual(['unreachable', 'timeout']);
});

test('a problem gives code, detail and pause', () => {
  const body = JSON.stringify({
    code: 'disk_full',
    title: 'Too little space',
    status: 507,
    detail: 'Free some.',
  });
  expect(toSluiceError(507, body, '7')).toMatchObject({
    code: 'disk_full',
    status: 507,
    message: 'Free some.',
    detail: 'Free some.',
    retryAfterMs: 7000,
  });
});

test.each(['<html>Bad Gateway</html>', '', 'null', '[]', '{"code":7}'])(
  'the body %j of a proxy is no fault',
  (body) => {
    expect(toSluiceError(502, body, null)).toMatchObject({ code: 'http_502', detail: undefined });
  },
);

test('Retry-After is seconds or a date, and other text is none', () => {
  const now = Date.parse('2026-11-28T20:00:00Z');
  const read = (value: string | null) => readRetryAfter(value, now);
  expect(read('Sat, 28 Nov 2026 20:00:05 GMT')).toBe(5000);
  expect(read('Sat, 28 Nov 2026 19:00:00 GMT')).toBe(0);
  expect([read('5'), read(''), read('soon'), read(null)]).toEqual([5000, undefined, undefined, undefined]);
});

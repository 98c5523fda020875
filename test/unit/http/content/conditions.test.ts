import { expect, test } from 'vitest';

import { allowsRange, isKnown, rangeOf } from '../../../../src/http/content/conditions.ts';

const WHOLE = undefined;

test.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=2-5', { start: 2, end: 5 }],
  ['BYTES=2-5', { start: 2, end: 5 }],
  ['bytes=9-', { start: 9, end: 9 }],
  ['bytes=5-99999999999999999999', { start: 5, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99999999999999999999', { start: 0, end: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=99999999999999999999-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=5-4', WHOLE],
  ['bytes=-', WHOLE],
  ['bytes=', WHOLE],
  ['bytes=0-1,3-4', WHOLE],
  ['bytes=0x1-2', WHOLE],
  ['bytes=-1-2', WHOLE],
  ['lines=0-1', WHOLE],
  ['0-1', WHOLE],
  [undefined, WHOLE],
])('of ten bytes %j names %j', (header, range) => {
  expect(rangeOf(header, 10)).toEqual(range);
});

test('an empty file has no range', () => {
  expect(['bytes=0-', 'bytes=-1'].map((header) => rangeOf(header, 0))).toEqual([
    'unsatisfiable',
    'unsatisfiable',
  ]);
});

test('a range applies to the content that its client has, compared strongly', () => {
  expect(allowsRange(undefined, '"a"')).toBe(true);
  expect(allowsRange('"a"', '"a"')).toBe(true);
  for (const other of ['W/"a"', '"b"', 'a', '', 'Wed, 21 Oct 2026 07:28:00 GMT'])
    expect([other, allowsRange(other, '"a"')]).toEqual([other, false]);
  expect(allowsRange('"a"', undefined)).toBe(false);
});

test('content is known by its tag, also by a weak one or one of several', () => {
  for (const known of ['"a"', 'W/"a"', '"b", "a"', ' "b" ,W/"a"', '*'])
    expect([known, isKnown(known, '"a"')]).toEqual([known, true]);
  for (const other of [undefined, '', '"b"', 'a'])
    expect([other, isKnown(other, '"a"')]).toEqual([other, false]);
  expect(isKnown('"a"', undefined)).toBe(false);
});

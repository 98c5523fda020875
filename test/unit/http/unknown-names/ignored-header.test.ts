import { validateHeaderValue } from 'node:http';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { IGNORED_HEADER, ignoredHeader } from '../../../../src/http/unknown-names/ignored-header.ts';

const valueFor = (...names: string[]) => ignoredHeader(names)[IGNORED_HEADER];

test('no names make no header', () => {
  expect(ignoredHeader([])).toEqual({});
});

test('each name stands once, encoded', () => {
  expect(valueFor('_', 'a b', '_', 'a,b', 'größe', '"', '+1')).toBe(
    '_, a%20b, a%2Cb, gr%C3%B6%C3%9Fe, %22, %2B1',
  );
  expect(valueFor('')).toBe('""');
});

test('a long name is cut between characters, and more names are counted', () => {
  expect(valueFor('x'.repeat(64))).toBe('x'.repeat(64));
  expect(valueFor('x'.repeat(65))).toBe(`${'x'.repeat(64)}+`);
  expect(valueFor(`${'x'.repeat(63)}ö`)).toBe(`${'x'.repeat(63)}+`);
  expect(valueFor('🗂'.repeat(20))).toBe(`${encodeURIComponent('🗂').repeat(5)}+`);
  const thousand = Array.from({ length: 1000 }, (_, i) => `p${i}`);
  expect(valueFor(...thousand)?.split(', ')).toEqual([...thousand.slice(0, 16), '+984']);
});

test('any names make a short header that Node sends, and whole names come back', () => {
  const anyName = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', minLength: 80 }));
  fc.assert(
    fc.property(fc.array(anyName, { minLength: 1, maxLength: 40 }), (names) => {
      const value = valueFor(...names) ?? '';
      expect(value).toMatch(/^[\x20-\x7e]+$/);
      expect(value.length).toBeLessThan(1200);
      validateHeaderValue(IGNORED_HEADER, value);
      const whole = value.split(', ').filter((item) => !item.includes('+'));
      for (const item of whole) expect(names).toContain(item === '""' ? '' : decodeURIComponent(item));
    }),
  );
});

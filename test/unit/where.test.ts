import * as v from 'valibot';
import { expect, test } from 'vitest';

import { WhereSchema } from '../../src/contract/where.ts';

test.each([
  {},
  { page: 3 },
  { filename: { $eq: 'a.pdf' } },
  { page: { $gte: 2 } },
  { filename: { $in: ['a', 'b'] } },
  { $and: [{ page: 1 }, { $or: [{ a: true }, { b: { $ne: 'x' } }] }] },
])('%j is a filter', (where) => expect(v.is(WhereSchema, where)).toBe(true));

test.each([
  null,
  'page',
  { page: null },
  { page: { $like: 'x' } },
  { page: { $in: [] } },
  { page: {} },
  { a: 1, b: 2 },
  { $and: [] },
  { $and: [{ page: 1 }] },
  { $not: { page: 1 } },
  { page: [1] },
])('%j is none', (where) => expect(v.is(WhereSchema, where)).toBe(false));

test('nesting has an end', () => {
  let where: unknown = { page: 1 };
  for (let i = 0; i < 5000; i++) where = { $and: [where, { page: 2 }] };
  expect(v.is(WhereSchema, where)).toBe(false);
});

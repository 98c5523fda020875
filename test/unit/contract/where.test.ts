import * as v from 'valibot';
import { expect, test } from 'vitest';

import { WhereSchema } from '../../../src/contract/where.ts';

const problem = (where: unknown) => v.safeParse(WhereSchema, where).issues?.[0].message;
const terms = (count: number) => Array.from({ length: count }, (_, page) => ({ page }));
function nested(levels: number): unknown {
  let where: unknown = { page: 1 };
  for (let level = 1; level < levels; level++) where = { $and: [where, { page: 2 }] };
  return where;
}

test.each([
  {},
  { page: 3 },
  { filename: { $eq: 'a.pdf' } },
  { page: { $gte: 2 } },
  { share: { $lt: 0.5 } },
  { filename: { $in: ['a', 'b'] } },
  { share: { $nin: [0.5, 1.5] } },
  { $and: [{ page: 1 }, { $or: [{ a: true }, { b: { $ne: 'x' } }] }] },
  { $or: terms(255) },
  { page: { $in: terms(2000).map(({ page }) => page) } },
  nested(8),
])('%j is a filter', (where) => expect(problem(where)).toBeUndefined());

test.each([
  [null, 'must be {'],
  ['page', 'must be {'],
  [[], 'must be {'],
  [{ page: null }, 'must be {'],
  [{ page: {} }, 'must be {'],
  [{ page: [1] }, 'must be {'],
  [{ a: 1, b: 2 }, 'must be {'],
  [{ page: { $like: 'x' } }, '"$like" is no operator'],
  [{ $not: { page: 1 } }, '"$not" is no operator'],
  [{ page: { $in: [] } }, '$in takes a list of one or more values'],
  [{ $and: [] }, '$and takes a list of two or more filters'],
  [{ $and: [{ page: 1 }] }, '$and takes a list of two or more filters'],
  [{ page: { $gt: 'a' } }, '$gt takes a number, not text'],
  [{ page: { $lte: true } }, '$lte takes a number, not booleans'],
  [{ page: { $in: [1, 'a'] } }, '$in takes values of one kind, not whole numbers and text'],
  [{ page: { $nin: [1, 1.5] } }, '$nin takes values of one kind, not whole numbers and fractions'],
  [{ page: 2 ** 63 }, 'whole number beyond'],
  [{ a: 'x\ud800' }, 'half of a character'],
  [{ 'x\ud800': 1 }, 'half of a character'],
  [{ $or: terms(256) }, '256 terms at most'],
  [{ $or: terms(10_000) }, '256 terms at most'],
  [
    { $or: [terms(2000), terms(2)].map((of) => ({ page: { $in: of.map(({ page }) => page) } })) },
    '2000 values',
  ],
  [nested(9), '7 deep at most'],
])('%j is none', (where, message) => expect(problem(where)).toContain(message));

test('nesting has an end', () => expect(problem(nested(5000))).toContain('7 deep at most'));

import * as v from 'valibot';
import { expect, test } from 'vitest';

import { SearchRequestSchema } from '../../../../src/contract/search.ts';
import { findUnknownKey } from '../../../../src/http/unknown-names/unknown-key.ts';

const Entry = v.object({ name: v.string(), size: v.optional(v.number()) });
const schema = v.object({
  title: v.string(),
  one: v.optional(Entry),
  checked: v.pipe(
    Entry,
    v.check(() => true),
  ),
  list: v.nullish(v.array(Entry)),
  either: v.union([v.string(), Entry, v.object({ id: v.string() })]),
  open: v.looseObject({ inner: v.optional(Entry) }),
  free: v.record(v.string(), v.unknown()),
  where: v.custom<object>(() => true),
});
const pathIn = (json: string) => {
  const found = findUnknownKey(schema, JSON.parse(json));
  return found && found.path + found.key;
};

test.each([
  ['{"titel":"a"}', 'titel'],
  ['{"one":{"nme":"a"}}', 'one.nme'],
  ['{"checked":{"name":"a","siz":1}}', 'checked.siz'],
  ['{"list":[{"name":"a"},{"name":"b","x":{}}]}', 'list.1.x'],
  ['{"either":{"id":"a","x":1}}', 'either.x'],
  ['{"open":{"other":1,"inner":{"x":1}}}', 'open.inner.x'],
  ['{"__proto__":1}', '__proto__'],
  ['{"one":{"constructor":1}}', 'one.constructor'],
  ['{"toString":1}', 'toString'],
  ['{"":1}', ''],
])('%s has the unknown key %s', (json, path) => {
  expect(pathIn(json)).toBe(path);
});

test.each([
  '{}',
  '[]',
  'null',
  '"text"',
  '[{"x":1}]',
  '{"title":{"x":1},"one":null,"list":{"x":1}}',
  '{"one":{"name":"a","size":1},"list":[],"either":{"id":"a"},"free":{"a":{"b":1}},"where":{"a":1}}',
  '{"either":{"name":"a"}}',
  '{"either":{"x":1}}',
])('%s has none', (json) => {
  expect(pathIn(json)).toBeUndefined();
});

test('the keys of a search are known, and its filter is free', () => {
  expect(findUnknownKey(SearchRequestSchema, { query: 'a', where: { limt: 1 } })).toBeUndefined();
  expect(findUnknownKey(SearchRequestSchema, { query: 'a', limt: 1 })).toMatchObject({
    key: 'limt',
    known: expect.arrayContaining(['limit', 'where']) as string[],
  });
});

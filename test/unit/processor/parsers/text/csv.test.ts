import { expect, it } from 'vitest';

import { readCsv } from '../../../../../src/processor/parsers/text/csv.ts';

it.each([
  ['a grid below both limits', '1,2\n'.repeat(90_000), ['paragraph', 'table']],
  ['one table of too many cells', '1,2\n'.repeat(100_000), ['paragraph']],
  ['one table of too many characters', `${'x'.repeat(1_000_000)},2\n`, ['paragraph']],
])('reads %s', (_, rows, types) => {
  const blocks = readCsv(`Stock\n\na,b\n${rows}`);
  expect(Array.from(blocks, ({ type }) => type)).toEqual(types);
});

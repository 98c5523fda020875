import { expect, it } from 'vitest';

import { readCsv } from '../../../../../src/processor/parsers/text/csv.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';

it.each([
  ['one table', '1,2\n'.repeat(90_000), ['paragraph', 'table']],
  ['a long file as two tables', '1,2\n'.repeat(100_000), ['paragraph', 'table', 'table']],
  ['one table with a long cell', `${'x'.repeat(1_000_000)},2\n`, ['paragraph', 'table']],
])('reads %s', (_, rows, types) => {
  const blocks = readCsv(`Stock\n\na,b\n${rows}`);
  expect(Array.from(blocks, ({ type }) => type)).toEqual(types);
});

it('explains each row of a long file by the header', async () => {
  const { segments } = await parsed(`Stock\n\na,b\n${'1,2\n'.repeat(250_000)}`, 'a.csv');
  const unexplained = segments.filter(({ context }) => context === undefined);
  expect(unexplained.map(({ text }) => text.trim())).toEqual([
    'Stock\n\n| a | b |',
    '| a | b |',
    '| a | b |',
  ]);
  expect(new Set(segments.map(({ context }) => context))).toEqual(new Set([undefined, '| a | b |']));
  expect(segments.map(({ text }) => text.split('| 1 | 2 |').length - 1).reduce((a, b) => a + b)).toBe(
    250_000,
  );
});

it('explains a long table by its own header, below other tables', async () => {
  const { segments } = await parsed(
    `a,b\n1,2\n\nname,city,zip\n${'Ann,Hallin,3\n'.repeat(140_000)}`,
    'a.csv',
  );
  expect(segments.at(-1)?.context).toBe('| name | city | zip |');
  expect(new Set(segments.slice(-3).map(({ context }) => context))).toEqual(
    new Set([undefined, '| name | city | zip |']),
  );
});

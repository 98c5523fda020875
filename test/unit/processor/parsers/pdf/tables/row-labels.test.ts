import { expect, it } from 'vitest';

import { withRowLabels } from '../../../../../../src/processor/parsers/pdf/tables/row-labels.ts';
import { placed, tableOf } from './placed-rows.ts';

const HEADER = ['Light', 'Oil', 'Gas'];
const LAMPS = [
  ['Patience', '12', '7'],
  ['Old Head', '9', '4'],
  ['Skerry', '9', '12'],
  ['Merrow', '4', '12'],
  ['Lower Bay', '12', '4'],
];

const WHOLE = [HEADER, ...LAMPS];
const NUMBERS = WHOLE.map((cells) => cells.slice(1));

it('puts the labels of rows back that the text lacks', () => {
  expect(withRowLabels(`Before.\n\n${tableOf(NUMBERS)}\n\nAfter.`, placed(WHOLE))).toBe(
    `Before.\n\n${tableOf(WHOLE)}\n\nAfter.`,
  );
});

it('gives rows of the same numbers a label each', () => {
  const rows = [HEADER, ...LAMPS.map(([label = ''], row) => [label, '0', row < 3 ? '1' : '2'])];
  const table = tableOf(rows.map((cells) => cells.slice(1)));
  expect(withRowLabels(table, placed(rows))).toBe(tableOf(rows));
});

it.each([
  ['the text has the labels', `${LAMPS.map(([label]) => label).join(' ')}\n\n${tableOf(NUMBERS)}`, WHOLE],
  ['the page has none', tableOf(NUMBERS), NUMBERS],
  ['rows have labels', tableOf(WHOLE), WHOLE.map((cells) => ['1871', ...cells])],
  ['there are few rows', tableOf(NUMBERS.slice(0, 4)), WHOLE.slice(0, 4)],
])('keeps a table if %s', (_, text, page) => {
  expect(withRowLabels(text, placed(page))).toBe(text);
});

it('keeps a table with a cell of a million digits and a letter', () => {
  const table = tableOf([HEADER, [`${'7'.repeat(1_000_000)}a`]]);
  expect(withRowLabels(table, [])).toBe(table);
});

import { expect, it } from 'vitest';

import type { PlacedText } from '../../../../../../src/processor/parsers/pdf/annotations/pdf-fields.ts';
import { withRowLabels } from '../../../../../../src/processor/parsers/pdf/tables/row-labels.ts';

const HEADER = ['Light', 'Oil', 'Gas'];
const LAMPS = [
  ['Patience', '12', '7'],
  ['Old Head', '9', '4'],
  ['Skerry', '9', '12'],
  ['Merrow', '4', '12'],
  ['Lower Bay', '12', '4'],
];

const tableOf = (rows: readonly (readonly string[])[]) =>
  rows
    .map((cells) => `| ${cells.join(' | ')} |`)
    .toSpliced(1, 0, `|${'---|'.repeat(rows[0]!.length)}`)
    .join('\n');

/** Places rows of cells, 12 points below each other. */
const placed = (rows: readonly (readonly string[])[]) =>
  rows.flatMap((cells, row) =>
    cells.map((text, column): PlacedText => {
      const left = 50 + column * 100;
      return { text, box: [left, 100 + row * 12, left + 60, 110 + row * 12] };
    }),
  );

const WHOLE = [HEADER, ...LAMPS];
const NUMBERS = WHOLE.map((cells) => cells.slice(1));

it('puts the labels of rows back that the text lacks', () => {
  expect(withRowLabels(`Before.\n\n${tableOf(NUMBERS)}\n\nAfter.`, placed(WHOLE))).toBe(
    `Before.\n\n${tableOf(WHOLE)}\n\nAfter.`,
  );
});

it.each([
  ['the text has the labels', `${LAMPS.map(([label]) => label).join(' ')}\n\n${tableOf(NUMBERS)}`, WHOLE],
  ['the page has none', tableOf(NUMBERS), NUMBERS],
  ['rows have labels', tableOf(WHOLE), WHOLE.map((cells) => ['1871', ...cells])],
  ['there are few rows', tableOf(NUMBERS.slice(0, 4)), WHOLE.slice(0, 4)],
])('keeps a table if %s', (_, text, page) => {
  expect(withRowLabels(text, placed(page))).toBe(text);
});

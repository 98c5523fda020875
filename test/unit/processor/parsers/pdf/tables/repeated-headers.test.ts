import { expect, it } from 'vitest';

import type { PlacedText } from '../../../../../../src/processor/parsers/pdf/annotations/pdf-fields.ts';
import { withoutRepeatedHeaders } from '../../../../../../src/processor/parsers/pdf/tables/repeated-headers.ts';
import { pdf, textAt } from '../../../../../helpers/documents/pdf-files.ts';
import { parsed } from '../../../../../helpers/documents/parsed.ts';

const TITLE = 'Table 4: Lamps of the Orrin lights, by year';
const HEADERS = ['Light', 'Oil lamps', 'Gas lamps', 'Arc lamps'];
const BODY = [
  ['Patience', '12', '7', '3'],
  ['Old Head', '9', '4', '8'],
  ['Skerry', '5', '6', '2'],
  ['Merrow', '1', '8', '4'],
];
const LEFT = [60, 180, 300, 420];

/** Draws lines of a page. @param lines their ends: from the left and from the bottom, in points */
const rules = (lines: readonly (readonly number[])[]) =>
  lines.map(([x, y, toX, toY]) => `${x} ${y} m ${toX} ${toY} l S\n`).join('');

it('writes a title once that a ruled table repeats in each header', async () => {
  const rows = [HEADERS, ...BODY];
  const cells = rows.flatMap((row, line) =>
    row.map((cell, column) => textAt(cell, [LEFT[column]! + 5, 665 - 20 * line], 10)),
  );
  const grid = rules([
    ...[700, ...rows.map((_, line) => 680 - 20 * line), 580].map((y) => [60, y, 540, y]),
    ...LEFT.slice(1).map((x) => [x, 580, x, 680]),
    [60, 580, 60, 700],
    [540, 580, 540, 700],
  ]);
  const { text } = await parsed(pdf([textAt(TITLE, [65, 686], 10) + cells.join('') + grid]));
  expect(text).toContain(`${TITLE}\n\n| Light | Oil lamps | Gas lamps | Arc lamps |\n|---|`);
  expect(text.split(TITLE)).toHaveLength(2);
});

const tableOf = (header: readonly string[]) =>
  `| ${header.join(' | ')} |\n|---|---|---|---|\n| a | b | c | d |`;
/** Places lines of pieces, 12 points below each other. A single piece covers all columns. */
const placed = (lines: readonly (readonly string[])[]) =>
  lines.flatMap((line, row) =>
    line.map((text, column): PlacedText => {
      const left = 50 + column * 100;
      const width = line.length === 1 ? 390 : 90;
      return { text, box: [left, 100 + row * 12, left + width, 110 + row * 12] };
    }),
  );

it('writes prose above a table once, with the words that only some headers hold', () => {
  const prose = [
    ['The keeper of the lamps counts oil'],
    ['and', 'wicks in all'],
    ['the lights of the Orrin.'],
  ];
  const parts = ['and', 'wicks in all', 'wicks in all', 'and'];
  const header = HEADERS.map((cell, column) => [prose[0]![0], parts[column], prose[2]![0], cell].join(' '));
  expect(withoutRepeatedHeaders(tableOf(header), placed([...prose, HEADERS]))).toBe(
    `${prose.flat().join(' ')}\n\n${tableOf(HEADERS)}`,
  );
});

it('knows columns whose headers stand at different heights', () => {
  const pieces = placed([[TITLE], ['', 'Oil'], ['Light', ''], ['', '', 'Gas'], ['', '', '', 'Arc']]);
  const header = [`${TITLE} Light`, `${TITLE} Oil`, 'Gas', 'Arc'];
  expect(withoutRepeatedHeaders(tableOf(header), pieces)).toBe(
    `${TITLE}\n\n${tableOf(['Light', 'Oil', 'Gas', 'Arc'])}`,
  );
});

it('keeps a label in the first column that it covers', () => {
  const header = ['Light', 'Of the north Oil', 'Of the north Gas', 'Arc'];
  const pieces = placed([['Of the north'], ['Light', 'Oil', 'Gas', 'Arc']]);
  expect(withoutRepeatedHeaders(tableOf(header), pieces)).toBe(
    tableOf(['Light', 'Of the north Oil', 'Gas', 'Arc']),
  );
});

it.each<[string, string[], string[][]]>([
  [
    'that the page has several times',
    ['Of oil', 'Of oil', 'Of oil', 'x'],
    [['Of oil', 'Of oil', 'Of oil', 'x']],
  ],
  [
    'that begin as another one',
    ['Oil lamps', 'Oil lamps by night', 'Gas', 'Arc'],
    [
      ['Oil lamps', 'Oil', 'Gas', 'Arc'],
      ['', 'lamps by night'],
    ],
  ],
  ['of one word', ['Oil lamps', 'Oil wicks', 'Gas', 'Arc'], [['Oil lamps', 'Oil wicks', 'Gas', 'Arc']]],
])('keeps headers %s', (_, header, lines) => {
  expect(withoutRepeatedHeaders(tableOf(header), placed(lines))).toBe(tableOf(header));
});

it('keeps a header beside a piece of many letters and many digits', () => {
  const text = 'ab'.repeat(50_000) + ' 1'.repeat(50_000);
  const table = tableOf(HEADERS);
  expect(withoutRepeatedHeaders(table, [{ text, box: [50, 0, 140, 10] }])).toBe(table);
});

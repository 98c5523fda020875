import { expect, it } from 'vitest';

import type { PlacedText } from '../../../../../src/processor/parsers/pdf/annotations/pdf-fields.ts';
import { withoutMixedColumns } from '../../../../../src/processor/parsers/pdf/mixed-columns.ts';

const LEFT = [
  'The mill stands at the',
  'river and grinds barley',
  'for the whole island in',
  'most winters.',
];
const RIGHT = [
  'A salt pan lies below it',
  'and is filled by every',
  'spring tide of the year,',
  'or by hand.',
];

/** Places lines in columns, 12 points below each other. */
function placed(columns: readonly (readonly string[])[], width = 150): PlacedText[] {
  return columns.flatMap((lines, column) =>
    lines.map((text, row): PlacedText => {
      const left = 50 + column * width;
      return { text, box: [left, 100 + row * 12, left + 110, 110 + row * 12] };
    }),
  );
}

/** Joins columns line by line, as the reader does. */
const mixed = (...columns: readonly (readonly string[])[]) =>
  columns[0]!.map((_, row) => columns.map((column) => column[row]).join(' ')).join(' ');

it('writes columns that a reader has mixed one after the other', () => {
  const text = `# Salt\n\n${mixed(LEFT, RIGHT)}\n\nThe end.`;
  expect(withoutMixedColumns(text, placed([LEFT, RIGHT]))).toBe(
    `# Salt\n\n${LEFT.join(' ')}\n\n${RIGHT.join(' ')}\n\nThe end.`,
  );
  const third = ['Its walls are of clay', 'that was dug from the', 'bay in one summer', 'by monks.'];
  expect(withoutMixedColumns(mixed(LEFT, RIGHT, third), placed([LEFT, RIGHT, third]))).toBe(
    [LEFT, RIGHT, third].map((lines) => lines.join(' ')).join('\n\n'),
  );
});

it('joins the halves of a word around a hyphen', () => {
  const left = ['The mill stands at the re-', 'mains of a wall and', 'grinds for the island.'];
  expect(withoutMixedColumns(mixed(left, RIGHT.slice(0, 3)), placed([left, RIGHT.slice(0, 3)]))).toContain(
    'at the remains of a wall',
  );
});

it.each<[string, string, PlacedText[]]>([
  ['columns in their order', `${LEFT.join(' ')}\n\n${RIGHT.join(' ')}`, placed([LEFT, RIGHT])],
  ['prose with wide blanks', mixed(LEFT, RIGHT), placed([LEFT, RIGHT], 115)],
  ['two lines', mixed(LEFT.slice(0, 2), RIGHT.slice(0, 2)), placed([LEFT.slice(0, 2), RIGHT.slice(0, 2)])],
  [
    'labels and values',
    mixed(['Name:', 'Born:', 'Lives in:'], ['Ada Finlay of Merrow', 'in the year 1871', 'the old mill']),
    placed([
      ['Name:', 'Born:', 'Lives in:'],
      ['Ada Finlay of Merrow', 'in the year 1871', 'the old mill'],
    ]),
  ],
  [
    'a list of pairs',
    mixed(
      ['Master of Old Grey', 'Owner of the Mill', 'Keeper of the Light'],
      ['Ada Finlay of Merrow', 'Ida Sill of Hallin', 'Una Roe of Nessing'],
    ),
    placed([
      ['Master of Old Grey', 'Owner of the Mill', 'Keeper of the Light'],
      ['Ada Finlay of Merrow', 'Ida Sill of Hallin', 'Una Roe of Nessing'],
    ]),
  ],
  [
    'a table',
    `| ${LEFT.map((cell, row) => `${cell} | ${RIGHT[row]}`).join(' |\n| ')} |`,
    placed([LEFT, RIGHT]),
  ],
])('leaves %s alone', (_, text, pieces) => {
  expect(withoutMixedColumns(text, pieces)).toBe(text);
});

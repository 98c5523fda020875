import { expect, it } from 'vitest';

import { tableGrid } from '../../../../../src/processor/parsers/blocks/table-grid.ts';
import type { XmlElement } from '../../../../../src/processor/parsers/markup/xml-element.ts';
import { descendants } from '../../../../../src/processor/parsers/markup/xml-element.ts';

it('places a first row of any length', () => {
  const rows = [Array.from({ length: 200_000 }, () => ({ text: 'x' }))];
  expect(tableGrid({ type: 'table', rows })).toMatchObject({ columns: 200_000, headerRows: 1 });
});

/** Places a table of lines. `|` separates cells, and `name*2` covers two columns. */
function grid(text: string) {
  const rows = text.split('\n').map((line) =>
    line.split('|').map((field) => {
      const [words = '', span = '1'] = field.split('*');
      return { text: words, columnSpan: Number(span) };
    }),
  );
  return tableGrid({ type: 'table', rows });
}

it.each([
  ['below a blank', '|2031*2|2032*2\nSite|W|M|W|M\nHill|1|2|3|4', 2],
  ['of three rows', '|Yield*4\n|2031*2|2032*2\nSite|W|M|W|M\nHill|1|2|3|4', 3],
  ['with part of it alone in its row', '|Report*2\nsite|wool|milk\nHill|1|2', 2],
  ['but no numbers below a blank', '|2031*2\n7|1|2\n8|3|4', 1],
  ['but no row below the last words', 'Site|2031*2\nHill|one|two\nLake|three|four', 1],
])('finds a header %s', (_, text, headerRows) => {
  expect(grid(text)).toMatchObject({ titles: [], headerRows });
});

it.each([
  ['over the last column', '||Report\nsite|wool|milk\nHill|1|2', ['Report']],
  ['above two columns', 'Report\nitem|count\nhay|12', ['Report']],
  ['unless it may head the first of two', 'item\nhay|12\noats|7', []],
  ['unless it may head the last of two', '|meaning\nfox|animal\noak|tree', []],
  ['unless a row below has a blank', 'Report\nitem|count\nhay\noats|7', []],
])('finds a title %s', (_, text, titles) => {
  expect(grid(text).titles).toEqual(titles);
});

it('visits elements of any number', () => {
  const element = (children: XmlElement[]) => ({ name: 'x', attributes: new Map(), children });
  const wide = element(Array.from({ length: 200_000 }, () => element([])));
  expect([...descendants(element([wide]))]).toHaveLength(200_001);
});

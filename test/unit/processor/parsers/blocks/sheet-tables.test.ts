import { expect, it } from 'vitest';

import { sheetTables, type SheetRow } from '../../../../../src/processor/parsers/blocks/sheet-tables.ts';

/** Rows of a sheet. A blank line is a blank row, `|` separates cells, and a line in capitals has a style. */
function sheet(text: string): SheetRow[] {
  return text.split('\n').flatMap((line, row) => {
    const cells = line.split('|').flatMap((field, column) => {
      const style = /[A-Z]/.test(line) && line === line.toUpperCase() ? 1 : 0;
      return field.trim() === '' ? [] : [{ text: field.trim(), column, style }];
    });
    return cells.length === 0 ? [] : [{ row, cells }];
  });
}

function tables(text: string, marked: { row: number; lastRow: number }[] = []): string[] {
  return Array.from(sheetTables(sheet(text), marked), (block) => {
    if (block.type !== 'table') return 'text' in block ? block.text : '';
    const rows = block.rows.map((row) => row.map((cell) => cell.text).join('|'));
    return `${block.headerRows ?? ''}[${rows.join(' ')}]`;
  });
}

it.each([
  ['a header in other columns', 'a|b\nx|1\n\n||c|d\n||y|2', ['[a|b x|1]', '[c|d y|2]']],
  ['the same header again', 'a|b\nx|1\n\nMore\na|b\ny|2', ['[a|b x|1]', 'More', '[a|b y|2]']],
  ['a header in its style', 'A|B\nx|1\n\nC|D\ny|2', ['[A|B x|1]', '[C|D y|2]']],
  ['a title of its own', 'Report\nof barns\n\nitem|kg\nhay|12', ['Report', 'of barns', '[item|kg hay|12]']],
  ['a list of settings', 'By|Ann\n\nhill|kg|who\nNorth|1|Bo', ['[By|Ann]', '[hill|kg|who North|1|Bo]']],
])('a blank row separates tables before %s', (_, text, expected) => {
  expect(tables(text)).toEqual(expected);
});

it.each([
  ['a row that may be data', 'a|b|c\nx|1|p\n\ny|none|q\nz|2|r'],
  ['a row without words', 'a|b\nx|1\n\n3|4\ny|2'],
  ['words over words', 'a|b\nx|y\n\n|c|d\n|z|w'],
  ['a title inside the table', 'a|b\nx|1\n\nNorth\ny|2'],
])('a blank row before %s separates nothing', (_, text) => {
  expect(tables(text)).toHaveLength(1);
});

it('a table that the sheet marks has a header, and other tables stand before and after it', () => {
  const text = 'By|Ann\n\na|b\nx|y\n\nz|w\n\nEnd|Bo';
  expect(tables(text, [{ row: 2, lastRow: 5 }])).toEqual(['[By|Ann]', '1[a|b x|y z|w]', '[End|Bo]']);
});

it('marked tables beside each other are in one grid', () => {
  const marked = [
    { row: 0, lastRow: 2 },
    { row: 1, lastRow: 3 },
  ];
  expect(tables('a|b\nx|1|c\ny|2|z\n||w', marked)).toEqual(['1[a|b x|1|c y|2|z]', '[w]']);
});

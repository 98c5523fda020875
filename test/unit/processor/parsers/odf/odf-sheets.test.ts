import { expect, it } from 'vitest';

import { readOds } from '../../../../../src/processor/parsers/odf/odf.ts';
import { openDocument } from '../../../../helpers/documents/office-files.ts';
import { readBlocks } from '../../../../helpers/documents/parsed.ts';

const sheets = (body: string, styles = '', includesHidden = false) =>
  readBlocks(readOds, openDocument('spreadsheet', body, { styles }), includesHidden);
const sheet = (rows: string, more = '') => `<table:table table:name="S" ${more}>${rows}</table:table>`;
const row = (cells: string, more = '') => `<table:table-row ${more}>${cells}</table:table-row>`;
const cell = (words: string, more = '') =>
  `<table:table-cell ${more}>${words === '' ? '' : `<text:p>${words}</text:p>`}</table:table-cell>`;
const typed = (type: string, attributes: string, shown: string) =>
  cell(shown, `office:value-type="${type}" ${attributes}`);

it('has a page for each sheet, the empty ones included', () => {
  const { segments, text } = sheets(sheet('') + sheet(row(cell('a') + cell('b'))));
  expect(text).toBe('# S\n\n| a | b |\n| --- | --- |');
  expect(segments.map(({ page, heading }) => [page, heading])).toEqual([
    [2, 'S'],
    [2, 'S'],
  ]);
});

it('writes dates and times as ISO 8601, and amounts with their unit', () => {
  const cells = [
    typed('date', 'office:date-value="2031-05-04"', '05/04/31'),
    typed('date', 'office:date-value="2031-05-04T08:30:00"', '4 May'),
    typed('time', 'office:time-value="PT26H05M09S"', '02:05'),
    typed('currency', 'office:value="1234.5" office:currency="EUR"', '1,234.50'),
    typed('currency', 'office:value="2" office:currency="EUR"', '2 €'),
    typed('currency', 'office:value="3" office:currency="SEK"', ''),
    typed('percentage', 'office:value="0.125"', ''),
    typed('float', 'office:value="3.14159"', '3.14'),
    typed('float', 'office:value="7"', ''),
    typed('string', 'office:string-value="x"', ''),
    typed('boolean', 'office:boolean-value="true"', 'TRUE'),
  ];
  const { text } = sheets(
    sheet(row(cell('a') + cell('b')) + cells.map((value) => row(value + cell('.'))).join('')),
  );
  expect(
    text
      .split('\n')
      .slice(4)
      .map((line) => line.slice(2, -6)),
  ).toEqual([
    '2031-05-04',
    '2031-05-04 08:30',
    '26:05:09',
    '1,234.50 EUR',
    '2 €',
    '3 SEK',
    '12.5%',
    '3.14',
    '7',
    'x',
    'TRUE',
  ]);
});

it('keeps cells in their columns, repeated and covered ones included', () => {
  const rows =
    row(cell('a') + cell('', 'table:number-columns-repeated="3"') + cell('b')) +
    row(cell('c', 'table:number-columns-repeated="2"'), 'table:number-rows-repeated="2"') +
    row(
      cell('d', 'table:number-columns-spanned="4"') +
        '<table:covered-table-cell table:number-columns-repeated="3"><text:p>no</text:p></table:covered-table-cell>' +
        cell('e'),
    ) +
    row(cell('', 'table:number-columns-repeated="16384"'), 'table:number-rows-repeated="1048576"');
  expect(sheets(sheet(rows)).text).toBe(
    '# S\n\n| a |  | b |\n| --- | --- | --- |\n| c | c |\n| c | c |\n| d |  | e |',
  );
});

it('puts the label of a cell that covers rows into their context', () => {
  const rows =
    row(cell('Farm') + cell('kg')) +
    row(cell('North', 'table:number-rows-spanned="3"') + cell('1')) +
    row('<table:covered-table-cell/>' + cell(''), 'table:number-rows-repeated="1"') +
    row('<table:covered-table-cell/>' + cell('2')) +
    row(cell('South') + cell('3'));
  const { segments } = sheets(sheet(rows));
  expect(segments.find(({ text }) => text.includes('| 2 |'))?.context).toBe('| Farm | kg |\n| North |');
  expect(segments.find(({ text }) => text.includes('| 3 |'))?.context).toBe('| Farm | kg |');
});

it('takes the rows that repeat on paper for a header', () => {
  const rows = `<table:table-header-rows>${row(cell('a') + cell('b'))}${row(cell('c') + cell('d'))}</table:table-header-rows>`;
  const { segments } = sheets(
    sheet(`${rows}<table:table-row-group>${row(cell('1') + cell('2'))}</table:table-row-group>`),
  );
  expect(segments.at(-1)).toMatchObject({ text: '| 1 | 2 |', context: '| a | b |\n| c | d |' });
});

it('leaves out hidden rows, columns and sheets, counts them, and reads them if asked', () => {
  const styles =
    '<style:style style:name="ta1" style:family="table"><style:table-properties table:display="false"/></style:style>';
  const columns =
    '<table:table-column/><table:table-columns><table:table-column table:visibility="collapse" table:number-columns-repeated="2"/></table:table-columns>';
  const body =
    sheet(
      columns +
        row(cell('a') + cell('COL') + cell('') + cell('b')) +
        row(cell('ROW'), 'table:visibility="collapse"') +
        row(cell('FILTERED'), 'table:visibility="filter"') +
        row('', 'table:visibility="collapse" table:number-rows-repeated="1000"') +
        row(cell('c') + cell('', 'table:number-columns-repeated="2"') + cell('d')),
    ) + sheet(row(cell('SHEET') + cell('e')), 'table:style-name="ta1"');
  const { text, hiddenLeftOut } = sheets(body, styles);
  expect(text).toBe('# S\n\n| a | b |\n| --- | --- |\n| c | d |');
  expect(hiddenLeftOut).toBe(4);
  const all = sheets(body, styles, true);
  expect(all.text).toMatch(/COL[^]*ROW[^]*FILTERED[^]*SHEET/);
  expect(all.hiddenLeftOut).toBe(0);
});

it('reads drawings over the cells after the table, then comments with their cells', () => {
  const comment =
    '<office:annotation><dc:creator>Ann</dc:creator><text:p>Check.</text:p></office:annotation>';
  const shape = '<draw:frame><draw:text-box><text:p>Note on the side</text:p></draw:text-box></draw:frame>';
  const commented = `<table:table-cell office:value-type="float" office:value="12">${comment}<text:p>12</text:p>${shape}</table:table-cell>`;
  const over =
    '<table:shapes><draw:custom-shape><text:p>Over all</text:p></draw:custom-shape></table:shapes>';
  expect(
    sheets(
      sheet(
        over +
          row(cell('sum') + cell('unit')) +
          row('', 'table:number-rows-repeated="2"') +
          row(commented + cell('kg')),
      ),
    ).text,
  ).toBe(
    '# S\n\n| sum | unit |\n| --- | --- |\n| 12 | kg |\n\nOver all\n\nNote on the side\n\nComment (Ann) A4: Check.',
  );
});

it('reads a text box among the words of a cell with them', () => {
  const box = '<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame>';
  expect(sheets(sheet(row(cell(`a${box}`) + cell('b')))).text).toContain('| a boxed | b |');
});

it('refuses more cells than a sheet has, shown or hidden', () => {
  const repeated = (more: string) =>
    row(cell('x', 'table:number-columns-repeated="16000"'), `table:number-rows-repeated="1000000" ${more}`);
  for (const more of ['', 'table:visibility="collapse"'])
    expect(() => sheets(sheet(repeated(more)))).toThrow(expect.objectContaining({ code: 'text_too_long' }));
});

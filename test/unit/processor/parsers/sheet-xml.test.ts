import { expect, it } from 'vitest';

import { cellFormats, formatNumber } from '../../../../src/processor/parsers/office/cell-format.ts';
import { normalizeSheets } from '../../../../src/processor/parsers/office/sheet-xml.ts';
import { numberCell, openDocument, textCell, xlsx } from '../../../helpers/documents/office-files.ts';
import { parsed } from '../../../helpers/documents/parsed.ts';

it('shows a cell as what it stands for', async () => {
  const styles =
    '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[$-409]d\\-mmm\\-yy;@"/></numFmts><cellXfs>' +
    [0, 14, 164, 9].map((id) => `<xf numFmtId="${id}"/>`).join('') +
    '</cellXfs></styleSheet>';
  const cell = (place: string, style: number, value: string) =>
    `<c r="${place}" s="${style}"><v>${value}</v></c>`;
  const row = `<row r="1">${cell('A1', 1, '45292')}${cell('B1', 2, '45351')}${cell('C1', 3, '0.125')}<c r="D1" s="1"/>${numberCell('E1', 0.1 + 0.2)}${cell('F1', 0, '1.0')}</row>`;
  const { text } = await parsed(xlsx({ S: row }, 'A1:F1', { 'xl/styles.xml': styles }));
  expect(text).toContain('| 2024-01-01 | 2024-02-29 | 12.5% | 0.3 | 1 |');
});

it.each([
  ['yyyy"h"', '45292.75', '2024-01-01'],
  ['m/d/yy h:mm', '45292.75', '2024-01-01 18:00'],
  ['h:mm:ss AM/PM', '0.5000116', '12:00:01'],
  ['[h]:mm', '1.25', '30:00'],
  ['mm:ss', '0.0007', '00:01'],
  ['0.00%', '0.07', '7%'],
  ['0.00E+00', '1e-7', '1e-7'],
  ['General', '12345678901234567890', '12345678901234567890'],
  ['#,##0.00 [$€-407];[Red]-0', '1234.50', '1234.5'],
  ['yyyy', '59', '1900-02-28'],
  ['yyyy', '61', '1900-03-01'],
  ['yyyy', '-3', '-3'],
  ['yyyy', 'n/a', 'n/a'],
])('formats a number as %s: %s', (code, value, text) => {
  const escaped = code.replaceAll('"', '&quot;');
  const styles = `<numFmts><numFmt numFmtId="200" formatCode="${escaped}"/></numFmts><cellXfs><xf numFmtId="200"/></cellXfs>`;
  expect(formatNumber(value, cellFormats(styles)[0]!, false)).toBe(text);
});

it('reads what formulas say as it is shown', async () => {
  const row =
    '<row r="1"><c r="A1" s="0" t="str"><f>B1</f><v xml:space="preserve"> R&amp;D &lt;b&gt; &#8364;</v></c></row>';
  expect((await parsed(xlsx({ S: row }))).text).toContain('| R&D <b> € |');
});

it('reads sheets in the order in which the workbook shows them, whatever their files are called', async () => {
  const rels = ['sheet12', 'sheet', 'Sheet10']
    .map((name, index) => `<Relationship Id="r${index + 1}" Target="worksheets/${name}.xml"/>`)
    .join('');
  const sheet = (text: string) =>
    `<worksheet><sheetData><row r="1">${textCell('A1', text)}</row></sheetData></worksheet>`;
  const { text } = await parsed(
    xlsx({ One: '', Two: '', Three: '' }, 'A1', {
      'xl/worksheets/sheet.xml': sheet('two'),
      'xl/worksheets/Sheet10.xml': sheet('three'),
      'xl/worksheets/sheet12.xml': sheet('one'),
      'xl/_rels/workbook.xml.rels': `<Relationships>${rels}</Relationships>`,
    }),
  );
  expect(text).toMatch(/^# One\n\n\| one .*# Two\n\n\| two .*# Three\n\n\| three /s);
});

it('reads the text boxes on a sheet, below its cells', async () => {
  const box = (...words: string[]) =>
    `<xdr:sp><xdr:txBody>${words.map((text) => `<a:p><a:r><a:t>${text}</a:t></a:r></a:p>`).join('')}</xdr:txBody></xdr:sp>`;
  const parts = {
    'xl/worksheets/_rels/sheet2.xml.rels':
      '<Relationships><Relationship Id="r1" Target="../drawings/drawing1.xml"/></Relationships>',
    'xl/drawings/drawing1.xml': `<xdr:wsDr>${box('Read', 'me &amp; all')}${box('')}${box('Last')}</xdr:wsDr>`,
  };
  const row = `<row r="1">${textCell('A1', 'a')}${textCell('B1', 'b')}</row>`;
  const { text } = await parsed(xlsx({ One: row, Two: row }, 'A1:B1', parts));
  expect(text).toBe(
    '# One\n\n| a | b |\n| --- | --- |\n\n# Two\n\n| a | b |\n| --- | --- |\n| Read me & all |\n| Last |',
  );
});

it('reads a text box once, however often its drawing is named', async () => {
  const relation = '<Relationship Target="../drawings/d.xml"/>';
  const box = '<xdr:txBody><a:p><a:t>words</a:t></a:p></xdr:txBody>';
  const parts = new Map([['xl/drawings/d.xml', box]]);
  for (const name of ['a', 'b']) {
    parts.set(`xl/worksheets/_rels/${name}.xml.rels`, relation + relation);
    parts.set(`xl/worksheets/${name}.xml`, '<sheetData></sheetData>');
  }
  normalizeSheets(parts);
  expect([...parts.values()].join('').match(/<t>words/g)).toHaveLength(1);
});

it('reads what is hidden in a sheet: what a filter takes away is in it all the same', async () => {
  const rows =
    `<row r="1">${textCell('A1', 'a')}${textCell('B1', 'b')}</row>` +
    `<row r="2" hidden="1">${textCell('A2', 'c')}${textCell('B2', 'd')}</row>`;
  const excel = await parsed(xlsx({ S: rows }));
  const cell = (words: string) => `<table:table-cell><text:p>${words}</text:p></table:table-cell>`;
  const row = (cells: string, looks = '') => `<table:table-row${looks}>${cells}</table:table-row>`;
  const open = await parsed(
    openDocument(
      'spreadsheet',
      `<table:table table:name="S"><table:table-column table:visibility="collapse"/>${row(cell('a') + cell('b'))}${row(cell('c') + cell('d'), ' table:visibility="filter"')}</table:table>`,
    ),
  );
  for (const { text } of [excel, open]) expect(text).toBe('# S\n\n| a | b |\n| --- | --- |\n| c | d |');
});

it('counts the days of a workbook from 1904 on where it says so', () => {
  expect(formatNumber('0', 'date', true)).toBe('1904-01-01');
});

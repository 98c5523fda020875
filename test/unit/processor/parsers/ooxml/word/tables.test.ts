import { expect, it } from 'vitest';

import { docx, wordParagraph, wordTable } from '../../../../../helpers/documents/office-files.ts';
import { parsed } from '../../../../../helpers/documents/parsed.ts';
import { readText } from '../../../../../helpers/documents/office/word-parts.ts';

const cell = (text: string, properties = '') =>
  `<w:tc><w:tcPr>${properties}</w:tcPr>${wordParagraph(text)}</w:tc>`;
const row = (cells: string, properties = '') => `<w:tr><w:trPr>${properties}</w:trPr>${cells}</w:tr>`;
const table = (...rows: string[]) => `<w:tbl><w:tblPr/>${rows.join('')}</w:tbl>`;
const read = (body: string) => readText(docx(body)).text;
const span = (columns: number) => `<w:gridSpan w:val="${columns}"/>`;
const START = '<w:vMerge w:val="restart"/>';
const GOES_ON = '<w:vMerge/>';

it('puts merged cells and rows that begin later into their columns', async () => {
  const body = table(
    row(cell('Area', START) + cell('Trees', span(2)) + cell('Staff')),
    row(cell('', GOES_ON) + cell('old') + cell('new') + cell('')),
    row(cell('East', START) + cell('1') + cell('2') + cell('3')),
    row(cell('', GOES_ON) + cell('4') + cell('5') + cell('6')),
    row(cell('7') + cell('8'), '<w:gridBefore w:val="1"/><w:gridAfter w:val="1"/>'),
  );
  const { text, segments } = await parsed(docx(body));
  expect(text).toBe(
    '| Area | Trees |  | Staff |\n| --- | --- | --- | --- |\n|  | old | new |\n| East | 1 | 2 | 3 |\n|  | 4 | 5 | 6 |\n|  | 7 | 8 |',
  );
  expect(segments.find(({ text: words }) => words.startsWith('|  | 4'))?.context).toBe(
    '| Area | Trees |  | Staff |\n|  | old | new |\n| East |',
  );
});

it('keeps the words of merged cells, and ends a merge where a cell stands between', () => {
  const body = table(
    row(cell('a', START) + cell('b', '<w:hMerge w:val="restart"/>') + cell('c', '<w:hMerge/>') + cell('d')),
    row(cell('e', '<w:vMerge w:val="continue"/>') + cell('f') + cell('g') + cell('h')),
    row(cell('i') + cell('j') + cell('k') + cell('l')),
    row(cell('m', GOES_ON) + cell('n') + cell('o') + cell('p')),
  );
  expect(read(body)).toBe(
    '| a e | b c |  | d |\n| --- | --- | --- | --- |\n|  | f | g | h |\n| i | j | k | l |\n| m | n | o | p |',
  );
});

it('reads a table of thousands of rows', () => {
  const long = row(cell('x', '<w:shd/>'.repeat(8)).repeat(8)).repeat(6500);
  expect(read(table(long)).split('\n')).toHaveLength(6501);
});

it('reads words once that merged cells repeat', () => {
  const rows = [cell('North', START), cell('North', GOES_ON), cell('North', GOES_ON)].map((first, index) =>
    row(first + cell(String(index))),
  );
  expect(read(table(...rows))).toBe('| North | 0 |\n| --- | --- |\n|  | 1 |\n|  | 2 |');
});

it('takes the rows that repeat on each page for the header', async () => {
  const header = '<w:tblHeader/>';
  const body = table(
    row(cell('kind') + cell('yield'), header),
    row(cell('of tree') + cell('kg'), header),
    row(cell('plum') + cell('4')),
  );
  const { segments } = await parsed(docx(body));
  expect(segments.at(-1)?.context).toBe('| kind | yield |\n| of tree | kg |');
});

it('leaves out hidden rows, and counts them', () => {
  const body = table(row(cell('a') + cell('b')), row(cell('c') + cell('d'), '<w:hidden/>'));
  expect(readText(docx(body))).toEqual({ text: '| a | b |\n| --- | --- |', leftOut: 1 });
  expect(readText(docx(body), true)).toEqual({ text: '| a | b |\n| --- | --- |\n| c | d |', leftOut: 0 });
});

it('reads tables in tables, and rows and cells in controls', () => {
  const control = (inner: string) => `<w:sdt><w:sdtPr/><w:sdtContent>${inner}</w:sdtContent></w:sdt>`;
  const inner = wordTable([['x', 'y']]);
  const body = table(
    control(row(cell('a') + control(cell('b')))),
    row(`${cell('c')}<w:tc>${wordParagraph('d')}${inner}<w:p/></w:tc>`),
  );
  expect(read(control(body))).toBe('| a | b |\n| --- | --- |\n| c | d x y |');
});

it('refuses no table for its claims about columns', () => {
  const wide = '<w:gridBefore w:val="4294967295"/>';
  const body = table(
    row(cell('a', span(0)) + cell('b', '<w:gridSpan w:val="-5"/>'), wide),
    row(cell('c', '<w:gridSpan w:val="32767"/>') + cell('d')),
  );
  expect(read(body)).toBe('| a | b |  |\n| --- | --- | --- |\n| c |  | d |');
});

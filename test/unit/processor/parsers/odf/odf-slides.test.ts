import { expect, it } from 'vitest';

import { readOdp, readOdt } from '../../../../../src/processor/parsers/odf/odf.ts';
import { openDocument } from '../../../../helpers/documents/office-files.ts';
import { readBlocks } from '../../../../helpers/documents/parsed.ts';

const slides = (body: string, styles = '', includesHidden = false) =>
  readBlocks(readOdp, openDocument('presentation', body, { styles }), includesHidden);
const frame = (content: string, kind = '') =>
  `<draw:frame presentation:class="${kind}"><draw:text-box>${content}</draw:text-box></draw:frame>`;
const p = (words: string) => `<text:p>${words}</text:p>`;

it('reads slides with their title first and their notes last', () => {
  const notes = `<presentation:notes><draw:page-thumbnail/>${frame(p('Speak up.'), 'notes')}${frame(p('7'), 'page-number')}</presentation:notes>`;
  const points = `<text:list><text:list-item>${p('one')}<text:list><text:list-item>${p('two')}</text:list-item></text:list></text:list-item></text:list>`;
  const body =
    `<draw:page>${notes}${frame(points, 'outline')}${frame(p('The') + p('end'), 'title')}${frame(p('2031'), 'date-time')}${frame(p('2'), 'page-number')}</draw:page>` +
    `<draw:page><draw:g><draw:custom-shape>${p('Group')}</draw:custom-shape></draw:g>${frame(p('2031'), 'date-time')}${frame(p(`End ${frame(p('boxed'))}`), 'title')}</draw:page>`;
  const { segments } = slides(body);
  expect(segments.map(({ text, page, heading }) => [text, page, heading])).toEqual([
    ['# The end\n\n- one\n    - two\n\n2031\n\nSpeak up.\n\n', 1, 'The end'],
    ['# End boxed\n\nGroup', 2, 'End boxed'],
  ]);
});

it('leaves out hidden slides, counts them, and keeps the numbers of the others', () => {
  const styles =
    '<style:style style:name="dp" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>';
  const body = `<draw:page draw:style-name="dp">${frame(p('HIDDEN'))}</draw:page><draw:page>${frame(p('Shown'))}</draw:page>`;
  const { segments, hiddenLeftOut } = slides(body, styles);
  expect(segments.map(({ text, page }) => [text, page])).toEqual([['Shown', 2]]);
  expect(hiddenLeftOut).toBe(1);
  expect(slides(body, styles, true).text).toBe('HIDDEN\n\nShown');
});

const cell = (content: string, more = '') => `<table:table-cell ${more}>${content}</table:table-cell>`;
const row = (...cells: string[]) => `<table:table-row>${cells.join('')}</table:table-row>`;

it('reads tables with merged cells, lists and tables within', () => {
  const inner = `<table:table>${row(cell(p('x')), cell(p('y')))}</table:table>`;
  const items = `<text:list><text:list-item>${p('first')}</text:list-item><text:list-item>${p('second')}</text:list-item></text:list>`;
  const table =
    `<table:table><table:table-header-rows>${row(cell(p('Region'), 'table:number-rows-spanned="2"'), cell(p('Spring'), 'table:number-columns-spanned="2"'), '<table:covered-table-cell/>')}` +
    `${row('<table:covered-table-cell/>', cell(p('May')), cell(p('June')))}</table:table-header-rows>${row(cell(p('North')), cell(items), cell(`${p('z')}${inner}`))}</table:table>`;
  const expected =
    '| Region | Spring |  |\n| --- | --- | --- |\n|  | May | June |\n| North | first second | z x y |';
  expect(readBlocks(readOdt, openDocument('text', table)).text).toBe(expected);
  expect(slides(`<draw:page><draw:frame>${table}</draw:frame></draw:page>`).text).toBe(expected);
});

it('keeps cells in their columns if a program leaves out the covered ones', () => {
  const header = row(
    cell(p('Site'), 'table:number-rows-spanned="2"'),
    cell(p('2031'), 'table:number-columns-spanned="2"'),
    cell(p('Sum')),
  );
  const table = `<table:table>${header}${row(cell(p('Wool')), cell(p('Milk')))}${row(cell(p('Hill')), cell(p('1')), cell(p('2')), cell(p('3')))}</table:table>`;
  expect(readBlocks(readOdt, openDocument('text', table)).text).toBe(
    '| Site | 2031 |  | Sum |\n| --- | --- | --- | --- |\n|  | Wool | Milk |\n| Hill | 1 | 2 | 3 |',
  );
});

it('reads notes of the words in a table after it', () => {
  const note = '<text:note><text:note-body><text:p>A note.</text:p></text:note-body></text:note>';
  const table = `<table:table>${row(cell(p(`a${note}`)), cell(p('b')))}</table:table>`;
  expect(readBlocks(readOdt, openDocument('text', table)).text).toBe('| a | b |\n| --- | --- |\n\nA note.');
});

import { expect, it } from 'vitest';

import { formatNumber } from '../../../../../../src/processor/parsers/ooxml/word/number-formats.ts';
import { docx, wordParagraph } from '../../../../../helpers/documents/office-files.ts';
import { readText, wordPart } from '../../../../../helpers/documents/office/word-parts.ts';

const level = (index: number, format: string, text: string, more = '') =>
  `<w:lvl w:ilvl="${index}"><w:start w:val="1"/><w:numFmt w:val="${format}"/>${more}<w:lvlText w:val="${text}"/></w:lvl>`;
const abstract = (id: number, content: string) =>
  `<w:abstractNum w:abstractNumId="${id}">${content}</w:abstractNum>`;
const list = (id: number, of: number, more = '') =>
  `<w:num w:numId="${id}"><w:abstractNumId w:val="${of}"/>${more}</w:num>`;
const item = (text: string, id: number, depth = 0) =>
  wordParagraph(text, `<w:numPr><w:ilvl w:val="${depth}"/><w:numId w:val="${id}"/></w:numPr>`);
const lines = (body: string, numbering: string, styles = '') =>
  readText(
    docx(body, {
      parts: {
        'word/numbering.xml': wordPart('numbering', numbering),
        ...(styles && { 'word/styles.xml': wordPart('styles', styles) }),
      },
    }),
  )
    .text.split('\n')
    .filter((line) => line !== '');

it('puts the numbers of headings and clauses before them', () => {
  const style = (id: string, name: string, numbering: string) =>
    `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/><w:pPr><w:numPr>${numbering}</w:numPr></w:pPr></w:style>`;
  const styles =
    style('U1', 'heading 1', '<w:numId w:val="1"/>') +
    // The list ties a level to the style.
    style('U2', 'heading 2', '<w:numId w:val="1"/>') +
    style('Clause', 'Clause', '<w:ilvl w:val="2"/><w:numId w:val="1"/>');
  const numbering =
    abstract(
      0,
      level(0, 'upperRoman', 'Article %1') +
        level(1, 'decimal', '%1.%2', '<w:pStyle w:val="U2"/><w:isLgl/>') +
        level(2, 'lowerLetter', '(%3)'),
    ) + list(1, 0);
  const of = (id: string, text: string) => wordParagraph(text, `<w:pStyle w:val="${id}"/>`);
  const body =
    of('U1', 'Scope') +
    of('U2', 'Goods') +
    of('Clause', 'new') +
    of('Clause', 'used') +
    of('U2', 'Work') +
    of('U1', 'Price') +
    of('U2', 'Sums') +
    of('Clause', 'net');
  expect(lines(body, numbering, styles)).toEqual([
    '# Article I Scope',
    '## 1.1 Goods',
    '(a) new',
    '(b) used',
    '## 1.2 Work',
    '# Article II Price',
    '## 2.1 Sums',
    '(a) net',
  ]);
});

it('marks the items of a list as the document does, each below the one that it belongs to', () => {
  const numbering =
    abstract(0, level(0, 'decimal', '%1)') + level(1, 'lowerRoman', '%2.') + level(2, 'bullet', 'o')) +
    abstract(1, level(0, 'bullet', '\uf0b7')) +
    list(1, 0) +
    list(2, 1);
  const body =
    item('a', 1) +
    item('b', 1, 1) +
    item('c', 1, 1) +
    item('d', 1, 2) +
    item('e', 1) +
    item('f', 1, 1) +
    item('g', 2) +
    item('h', 9);
  expect(lines(body, numbering)).toEqual([
    '1) a',
    '    i. b',
    '    ii. c',
    '        - d',
    '2) e',
    '    i. f',
    '- g',
    '- h',
  ]);
});

it('continues the count through lists of the same kind, and restarts it where a list says so', () => {
  const restart = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>';
  const own = `<w:lvlOverride w:ilvl="0">${level(0, 'upperLetter', '%1:')}</w:lvlOverride>`;
  const numbering =
    abstract(0, level(0, 'decimal', '%1.')) + list(1, 0) + list(2, 0) + list(3, 0, restart) + list(4, 0, own);
  const body = item('a', 1) + item('b', 2) + item('c', 3) + item('d', 3) + item('e', 4);
  expect(lines(body, numbering)).toEqual(['1. a', '2. b', '5. c', '6. d', 'G: e']);
});

it('starts a level again below the level that it depends on', () => {
  const levels = (restart: string) =>
    level(0, 'decimal', '%1') + level(1, 'decimal', '%1.%2') + level(2, 'decimal', '%3.', restart);
  const body = [0, 1, 2, 1, 2, 0, 2].map((depth) => item('x', 1, depth)).join('');
  const marks = (restart: string) =>
    lines(body, abstract(0, levels(restart)) + list(1, 0)).map((line) => line.trim().split(' ')[0]);
  expect(marks('')).toEqual(['1', '1.1', '1.', '1.2', '1.', '2', '1.']);
  expect(marks('<w:lvlRestart w:val="1"/>')).toEqual(['1', '1.1', '1.', '1.2', '2.', '2', '1.']);
  expect(marks('<w:lvlRestart w:val="0"/>')).toEqual(['1', '1.1', '1.', '1.2', '2.', '2', '3.']);
});

it('takes the levels of a list by the style that it stands for', () => {
  const numbering =
    abstract(0, '<w:numStyleLink w:val="Legal"/>') +
    abstract(1, `<w:styleLink w:val="Legal"/>${level(0, 'ordinalText', '%1:')}`) +
    list(1, 0);
  expect(lines(item('a', 1) + item('b', 1), numbering)).toEqual(['First: a', 'Second: b']);
});

it('counts each story by itself, empty paragraphs with the others, and hidden and deleted ones not', () => {
  const mark = (looks: string) =>
    `<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:rPr>${looks}</w:rPr></w:pPr>`;
  const hidden = `${mark('<w:vanish/>')}<w:r><w:rPr><w:vanish/></w:rPr><w:t>no</w:t></w:r></w:p>`;
  const deleted = `${mark('<w:del w:id="1"/>')}<w:del w:id="2"><w:r><w:delText>no</w:delText></w:r></w:del></w:p>`;
  const box = `<w:p><w:r><w:pict><w:txbxContent>${item('box', 1)}</w:txbxContent></w:pict></w:r></w:p>`;
  const body = item('a', 1) + item('', 1) + hidden + deleted + box + item('b', 1);
  expect(lines(body, abstract(0, level(0, 'decimal', '%1.')) + list(1, 0))).toEqual([
    '1. a',
    '1. box',
    '3. b',
  ]);
});

it('shows no number where a list has none, and takes a number for what it says', () => {
  const numbering =
    abstract(0, level(0, 'none', '')) +
    abstract(1, level(0, 'none', 'Note:')) +
    abstract(
      2,
      '<w:lvl w:ilvl="0"><w:start w:val="99999999999"/><w:numFmt w:val="__proto__"/><w:lvlText w:val="%1.%9"/></w:lvl>',
    ) +
    list(1, 0) +
    list(2, 1) +
    list(3, 2);
  expect(lines(item('a', 1) + item('b', 2) + item('c', 3), numbering)).toEqual(['a', 'Note: b', '1. c']);
});

it.each([
  ['decimalZero', 7, '07'],
  ['lowerLetter', 28, 'bb'],
  ['upperRoman', 1994, 'MCMXCIV'],
  ['ordinal', 22, '22nd'],
  ['ordinal', 11, '11th'],
  ['cardinalText', 21, 'Twenty-one'],
  ['ordinalText', 30, 'Thirtieth'],
  ['ordinalText', 42, 'Forty-second'],
  ['ordinalText', 101, '101st'],
  ['russianLower', 3, 'в'],
  ['decimalEnclosedCircle', 3, '③'],
  ['japaneseCounting', 21, '二十一'],
  ['ideographTraditional', 2, '乙'],
  ['hex', 255, 'FF'],
  ['lowerLetter', 0, '0'],
  ['unknown', 3, '3'],
])('writes numbers as %s: %d is %s', (format, value, text) => {
  expect(formatNumber(value, format)).toBe(text);
});

import { expect, it } from 'vitest';

import { docx, wordParagraph } from '../../../../../helpers/documents/office-files.ts';
import { readText, wordRun } from '../../../../../helpers/documents/office/word-parts.ts';

const read = (body: string) => readText(docx(body)).text;
const run = (inner: string) => `<w:r>${inner}</w:r>`;
const mark = (type: string, inner = '') => run(`<w:fldChar w:fldCharType="${type}">${inner}</w:fldChar>`);
const instruction = (text: string) => run(`<w:instrText>${text}</w:instrText>`);
const field = (text: string, result: string) =>
  mark('begin') + instruction(text) + mark('separate') + result + mark('end');

it('separates words at a page break, and joins them at a hyphen', () => {
  const body = `<w:p>${run('<w:t>end</w:t>')}${run('<w:br w:type="page"/>')}${run('<w:t>start, co</w:t><w:noBreakHyphen/><w:t>op, Donau</w:t><w:softHyphen/><w:t>dampf</w:t><w:tab/><w:t>x</w:t><w:cr/><w:t>y</w:t>')}</w:p>`;
  expect(read(body)).toBe('end\nstart, co-op, Donaudampf x\ny');
});

it('joins a large first letter with its word', () => {
  const frame = '<w:keepNext/><w:framePr w:dropCap="drop" w:lines="3"/><w:rPr/>';
  const body =
    wordParagraph('D', frame) +
    wordParagraph('rop cap.', '<w:ind/>') +
    wordParagraph('E', frame) +
    '<w:p><w:r><w:t>nd.</w:t></w:r></w:p>' +
    wordParagraph('F', frame);
  expect(read(body)).toBe('Drop cap.\n\nEnd.\n\nF');
});

it('reads words without the pronunciation above them', () => {
  const ruby = `<w:ruby><w:rubyPr/><w:rt>${wordRun('かんじ')}</w:rt><w:rubyBase>${wordRun('漢')}${wordRun('字')}</w:rubyBase></w:ruby>`;
  expect(read(`<w:p>${wordRun('この')}<w:r><w:rPr/>${ruby}</w:r>${wordRun('は')}</w:p>`)).toBe('この漢字は');
});

it('reads formulas in their line', () => {
  const part = (text: string) => `<m:r><m:t>${text}</m:t></m:r>`;
  const vocabulary = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"';
  const formula = (inner: string) => `<m:oMath ${vocabulary}>${inner}</m:oMath>`;
  const half = `<m:f><m:num>${part('a')}</m:num><m:den>${part('λ')}</m:den></m:f>${part('=sin\u2061θ')}`;
  expect(read(`<w:p>${wordRun('if ')}${formula(half)}</w:p>`)).toBe('if a/λ=sin θ');
  const lines = `<m:oMathPara ${vocabulary}>${formula(part('x'))}${formula(part('y'))}</m:oMathPara>`;
  expect(read(`<w:p>${lines}</w:p>${lines}`)).toBe('x\ny\n\nx\ny');
});

it('reads the signs that symbol fonts draw', () => {
  const sign = (font: string, char: string) => run(`<w:sym w:font="${font}" w:char="${char}"/>`);
  const symbol = '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>';
  const body =
    `<w:p>${wordRun('on')}${sign('Wingdings', 'F0E0')}${wordRun('off')}${sign('Wingdings', 'F0FC')}${sign('Unknown', 'F041')}${sign('Arial', '0001')}${wordRun('x')}</w:p>` +
    `<w:p>${sign('Symbol', '6D')}${wordRun('m, ')}${wordRun('\uf061b', symbol)}${wordRun(' R&amp;D', symbol)}${sign('Arial', '2192')}</w:p>`;
  expect(read(body)).toBe('on→off✓ x\n\nμm, αβ Ρ&Δ→');
});

it('reads the result of a field, not its instruction or the fields in it', () => {
  const nested =
    mark('begin') + instruction('IF ') + field('MERGEFIELD x', wordRun('raw')) + instruction(' = 1 ');
  const body =
    `<w:p>${wordRun('a ')}${nested}${mark('separate')}${wordRun('shown')}${mark('end')}${wordRun(' b')}</w:p>` +
    `<w:p>${field('PAGEREF _Toc1', wordRun('7'))}<w:fldSimple w:instr=" AUTHOR ">${wordRun(' Ann')}</w:fldSimple></w:p>` +
    `<w:p>${wordRun('c')}${mark('begin')}${instruction('XE "entry"')}${mark('end')}${field('NOTEREF _Ref1 \\f \\h', wordRun('3'))}</w:p>`;
  expect(read(body)).toBe('a shown b\n\n7 Ann\n\nc');
});

it('takes as long for many fields as for their words', () => {
  const hidden = (words: string) => mark('begin') + wordRun(words) + mark('end');
  const body = `<w:p>${(wordRun('x'.repeat(300)) + hidden('y')).repeat(4000)}</w:p>`;
  const start = process.cpuUsage();
  expect(read(body)).toBe('x'.repeat(1_200_000));
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5);
});

it('loses no words to a field that never ends, or ends elsewhere', () => {
  const body =
    `<w:p>${mark('begin')}${wordRun('a')}</w:p><w:p>${wordRun('b')}${mark('separate')}${wordRun('c')}${mark('end')}</w:p>` +
    `<w:p>${wordRun('d')}${mark('end')}${mark('separate')}</w:p>`;
  expect(read(body)).toBe('a\n\nbc\n\nd');
});

it('reads the boxes and lists of forms, controls and links', () => {
  const form = (data: string, result = '') =>
    mark('begin', `<w:ffData>${data}</w:ffData>`) +
    instruction(' FORM ') +
    mark('separate') +
    result +
    mark('end');
  const control = (inner: string) =>
    `<w:sdt><w:sdtPr><w:alias w:val="no"/><w:showingPlcHdr/></w:sdtPr><w:sdtContent>${inner}</w:sdtContent></w:sdt>`;
  const body =
    `<w:p>${form('<w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox>')}${form('<w:checkBox><w:default w:val="0"/></w:checkBox>')}` +
    `${form('<w:ddList><w:result w:val="1"/><w:listEntry w:val="red"/><w:listEntry w:val="blue"/></w:ddList>')}${form('<w:textInput/>', wordRun(' typed'))}</w:p>` +
    control(
      `<w:p>${control(wordRun('chosen '))}<w:hyperlink w:anchor="x">${wordRun('link')}</w:hyperlink><w:smartTag>${wordRun('!')}</w:smartTag></w:p>`,
    );
  expect(read(body)).toBe('☒☐blue typed\n\nchosen link!');
});

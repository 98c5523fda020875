import { expect, it } from 'vitest';

import { formulaText } from '../../../../../src/processor/parsers/markup/formula.ts';
import { xmlTree } from '../../../../helpers/documents/parsed.ts';

const OFFICE = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"';
const written = (xml: string) => formulaText(xmlTree(xml)!);
const office = (xml: string) => written(`<m:oMath ${OFFICE}>${xml}</m:oMath>`);
const mathMl = (xml: string) => written(`<math xmlns="http://www.w3.org/1998/Math/MathML">${xml}</math>`);
const run = (text: string) => `<m:r><m:rPr><m:sty m:val="p"/></m:rPr><m:t>${text}</m:t></m:r>`;
const part = (name: string, text: string) => `<m:${name}>${run(text)}</m:${name}>`;

it.each([
  [run('E=m') + `<m:sSup>${part('e', 'c')}${part('sup', '2')}</m:sSup>`, 'E=mc^2'],
  [`<m:f>${part('num', 'a')}${part('den', 'λ')}</m:f>`, 'a/λ'],
  [`<m:f>${part('num', 'ab')}${part('den', 'c')}</m:f>`, 'ab/c'],
  [`<m:sSubSup>${part('e', 'x')}${part('sub', 'ij')}${part('sup', '2')}</m:sSubSup>`, 'x_ij^2'],
  [`<m:rad>${part('deg', '3')}${part('e', 'n')}</m:rad>`, '3√(n)'],
  [
    `<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr>${part('sub', 'i=1')}${part('sup', 'n')}${part('e', 'i')}</m:nary>`,
    '∑_(i=1)^n i',
  ],
  [`<m:func>${part('fName', 'sin')}${part('e', 'θ')}</m:func>`, 'sin θ'],
  [
    `<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr>${part('e', 'a')}${part('e', 'b')}</m:d>`,
    '[a|b]',
  ],
  [
    `<m:m><m:mr>${part('e', '1')}${part('e', '0')}</m:mr><m:mr>${part('e', '0')}${part('e', '1')}</m:mr></m:m>`,
    '1 0; 0 1',
  ],
  [`<m:acc>${part('e', 'x')}</m:acc>`, 'x\u0302'],
  [`${run('a')}<w:del>${run('b')}</w:del><m:constructor>${run('c')}</m:constructor>`, 'ac'],
])('writes a formula of Office: %s', (xml, text) => {
  expect(office(xml)).toBe(text);
});

it.each([
  ['<mi>E</mi><mo> = </mo><mi>m</mi>\n  <msup><mi>c</mi><mn>2</mn></msup>', 'E = mc^2'],
  ['<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>', '(a+b)/2'],
  [
    '<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover><msqrt><mi>i</mi><mn>1</mn></msqrt>',
    '∑_i^n√(i1)',
  ],
  ['<mfenced open="{"><mi>a</mi><mi>b</mi></mfenced>', '{a,b)'],
  ['<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>', '1 2'],
  ['<semantics><mi>x</mi><annotation encoding="StarMath 5.0">x over y</annotation></semantics>', 'x'],
])('writes a formula of MathML: %s', (xml, text) => {
  expect(mathMl(xml)).toBe(text);
});

it('writes the letters of a formula that nests deep or is wide', () => {
  expect(mathMl('<msup>'.repeat(400) + '<mi>x</mi>')).toBe('x');
  expect(office(run(`a${' '.repeat(200_000)}\u2061b`))).toBe('a b');
});

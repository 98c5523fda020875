import { expect, it } from 'vitest';

import { readRtf } from '../../../../../src/processor/parsers/rtf/rtf.ts';
import { readBlocks } from '../../../../helpers/documents/parsed.ts';

const raw = String.raw;
const read = (words: string, includesHidden = false) =>
  readBlocks(readRtf, Buffer.from(`{\\rtf1\\ansi ${words}}`, 'latin1'), includesHidden);
const rtf = (words: string) => read(words).text;

it('reads paragraphs, line ends, tabs and signs', () => {
  expect(rtf(raw`a\par b\line c\tab d\emdash e\endash\~f\_g\-h\{\}\\emdash\par\par i`)).toBe(
    'a\n\nb\nc d—e– f-gh{}\\emdash\n\ni',
  );
  expect(rtf(raw`a\page b\column c\sect d\pagebb e\\page`)).toBe('a\n\nb\n\nc\n\nde\\page');
});

it('reads the letters of every code page', () => {
  expect(rtf(raw`\ansicpg1252 Gr\'f6\'dfe \u8364?`)).toBe('Größe €');
  expect(rtf(raw`\ansicpg932 \'93\'fa\'96\'7b`)).toBe('日本');
  expect(rtf(raw`\ansicpg932 \'83\\`)).toBe('ソ');
  expect(rtf(raw`\pc \'81ber`)).toBe('über');
  expect(rtf(raw`\pca \'9d\'b5\'d5\'9e`)).toBe('ØÁı×');
  expect(rtf(raw`\mac \'8aber`)).toBe('äber');
  expect(rtf(raw`\ansicpg99999 \'e9`)).toBe('é');
  const fonts = raw`{\fonttbl{\f0 Arial;}{\f1\fnil\fcharset204 Arial CYR;}{\f2\cpg949 Batang;}}`;
  expect(rtf(raw`${fonts}\'e9{\f1\'cc\'e8\'f0}\f2\'c7\'d1\plain\'e9`)).toBe('éМир한é');
});

it('reads UTF-8 that a program has written without codes', () => {
  expect(read(Buffer.from('Größe').toString('latin1')).text).toBe('Größe');
  expect(rtf(raw`\'c3\'b6`)).toBe('Ã¶');
});

it('reads letters of Unicode, and skips their stand-ins', () => {
  expect(rtf(raw`\uc1\u-10179?\u-8704?\uc2\u26085\'93\'fa\uc0\u26412 x{\uc1\u233 e}\u233e`)).toBe(
    '😀日本xéée',
  );
  expect(rtf(raw`\u8364\par x`)).toBe('€\n\nx');
  expect(rtf(raw`\u8364\~x`)).toBe('€x');
});

it('draws the signs of symbol fonts', () => {
  const fonts = raw`{\fonttbl{\f0 Arial;}{\f1\fcharset2 Symbol;}{\f2\fcharset2 Wingdings;}}`;
  expect(rtf(raw`${fonts}{\f1 a\u-3998?\'b0}{\f2\'fc}\f0 a`)).toBe('αβ°✓a');
});

it('reads headings by their outline, their style, or their letters', () => {
  const styles = raw`{\stylesheet{\ql Normal;}{\s1\sbasedon0 heading 2;}{\s2\sbasedon1 Mine;}{\s3\outlinelevel3 Other;}{\s4 Title;}{\s5\outlinelevel9 heading 1;}{\*\cs9 heading 1;}}`;
  const body = raw`\pard\s1 One\par\pard\s2 Two\par\pard\s3 Three\par\pard\s4 Four\par\pard\s5 no\par\pard\outlinelevel0 Five\par\pard{\b\fs36 Six} x\par\b\fs20 no\par`;
  expect(rtf(styles + body)).toBe(
    '## One\n\n## Two\n\n#### Three\n\n# Four\n\nno\n\n# Five\n\n## Six x\n\nno',
  );
});

it('reads the marks of lists', () => {
  const item = (mark: string, words: string, level = 0) =>
    raw`\pard\ls1\ilvl${level}{\listtext\pard\plain ${mark}\tab}${words}\par`;
  const body =
    item('1.', 'a') +
    item('(b)', 'b', 1) +
    item(raw`\'b7`, 'c') +
    raw`\pard{\pntext\f1 2)\tab}{\*\pn\pnlvlblt}d\par\pard\ls2 e\par`;
  expect(rtf(body)).toBe('1. a\n    (b) b\n- c\n2) d\n- e');
  expect(rtf(raw`\pard\outlinelevel0{\listtext Article 1\tab}Scope\par`)).toBe('# Article 1 Scope');
});

it('leaves out what is hidden, counts it, and reads it if asked', () => {
  const hidden = raw`a{\v b\'e9\u8364?{c}}d \v e\v0 f\v1 g\plain h`;
  expect(read(hidden)).toMatchObject({ text: 'ad fh', hiddenLeftOut: 3 });
  expect(read(hidden, true)).toMatchObject({ text: 'abé€cd efgh', hiddenLeftOut: 0 });
  expect(rtf(raw`{\v {\b a}\v0 b}{\viewkind1 c}\\v d`)).toBe('bc\\v d');
  expect(read(raw`a{\v{\footnote no}  }b`)).toMatchObject({ text: 'ab', hiddenLeftOut: 1 });
  expect(read(raw`a{\v  }b`).hiddenLeftOut).toBe(0);
});

it('leaves out deletions, pictures, binary data and data for programs', () => {
  expect(rtf(raw`a{\deleted b\par{\footnote c}}{\mvf d}\revised e`)).toBe('ae');
  expect(
    rtf(
      raw`{\info{\title no}}{\*\generator no;}{\pict 00ff}{\*\shppict{\pict 00}}{\object{\*\objdata no}{\result yes}}{\xe no}`,
    ),
  ).toBe('yes');
  expect(rtf(raw`{\v{\pict\bin7 \v0 {}}}}{\v x}y`)).toBe('y');
  expect(rtf(raw`{\upr{\title no}{\*\ud{\u233?}}}x`)).toBe('éx');
});

it('reads the results of fields', () => {
  expect(
    rtf(
      raw`{\field{\*\fldinst HYPERLINK "http://x.test"}{\fldrslt a link}} and {\field{\*\fldinst PAGE}{\fldrslt 7}}`,
    ),
  ).toBe('a link and 7');
});

it('reads notes and text boxes after their paragraph, and comments marked', () => {
  expect(
    rtf(
      raw`One{\super\chftn{\footnote\pard\plain{\super\chftn} First.\par Second.}} two.\par Next.{\*\footnote\ftnalt Last.}`,
    ),
  ).toBe('One two.\n\nFirst.\n\nSecond.\n\nNext.\n\nLast.');
  expect(
    rtf(
      raw`One{\shp{\*\shpinst{\sp{\sn no}{\sv no}}{\shptxt\pard Boxed\par}}{\shprslt{\*\do{\dptxbxtext no}}}} two.`,
    ),
  ).toBe('One two.\n\nBoxed');
  expect(rtf(raw`One{\*\do{\dptxbxtext Boxed\par}{\dpx0}}`)).toBe('One\n\nBoxed');
  expect(
    rtf(raw`One{\*\atnid AS}{\*\atnauthor Ann}\chatn{\*\annotation{\*\atndate 1}\pard Check.\par} two.`),
  ).toBe('One two.\n\nComment (Ann): Check.');
});

it('reads a table within a comment', () => {
  const table = raw`\trowd\cellx1\cellx2\pard\intbl a\cell b\cell\row\pard`;
  expect(rtf(raw`One{\*\annotation ${table} c\par}`)).toBe('One\n\nComment: a b c');
});

it('reads headers once and footers at the end, without page numbers', () => {
  const header = raw`{\header\pard Contract 8812\par Acme Secret \chpgn\par Page \chpgn\par}`;
  const footer = raw`{\footer\pard Page {\field{\*\fldinst PAGE}{\fldrslt 7}} of {\field{\*\fldinst NUMPAGES }{\fldrslt 9}}\par Draft\par}`;
  expect(rtf(raw`${header}${footer}One.\par\sect ${header}Two.\par`)).toBe(
    'Contract 8812\n\nAcme Secret\n\nOne.\n\nTwo.\n\nDraft',
  );
});

it('writes formulas on a line', () => {
  const formula = raw`{\mmath{\*\moMath{\mf{\mfPr{\mtype bar}}{\mnum{\mr x}}{\mden{\mr 2}}}{\msSup{\me{\mr y}}{\msup{\mr 3}}}}}`;
  expect(rtf(`a ${formula} b`)).toBe('a x/2y^3 b');
});

it('reads a paragraph of many tokens in linear time', () => {
  expect(rtf(raw`a\b0 `.repeat(240_000))).toHaveLength(240_000);
});

it('ends in any state of the file', () => {
  expect(readBlocks(readRtf, Buffer.from(raw`{\rtf1 a}}}b{\footnote c`)).text).toBe('ab\n\nc');
  expect(readBlocks(readRtf, Buffer.from(raw`{\rtf1 a\'zz\'`)).text).toBe('a');
  expect(() => rtf('{'.repeat(5000))).toThrow(expect.objectContaining({ code: 'corrupt' }));
  expect(() => rtf(raw`\b`.repeat(4_100_000))).toThrow(expect.objectContaining({ code: 'text_too_long' }));
});

it('skips no words after a mark within a group, as OpenOffice writes them', () => {
  expect(rtf(raw`{\f0\*\cs7\cf0 code} and {\*\unknown no}{` + '\r\n' + raw`\*\unknown no}words`)).toBe(
    'code and words',
  );
});

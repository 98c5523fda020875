import { expect, it } from 'vitest';

import { normalizeSheets } from '../../../../src/processor/parsers/office/sheet-xml.ts';
import { normalizeSlide } from '../../../../src/processor/parsers/office/slide-xml.ts';
import { normalizeWords } from '../../../../src/processor/parsers/office/word-xml.ts';
import { docx, pptx, wordParagraph } from '../../../helpers/documents/office-files.ts';
import { parsed } from '../../../helpers/documents/parsed.ts';

it('heads a slide with its title, and leaves out its number', async () => {
  const shape = (kind: string, text: string) =>
    `<p:sp><p:nvSpPr><p:nvPr><p:ph type="${kind}"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>${text}</a:t></a:r></a:p></p:txBody></p:sp>`;
  const whole = await parsed(
    pptx([
      {
        text: `Body.</a:t></a:r></a:p></p:txBody></p:sp>${shape('title', 'Title')}${shape('sldNum', '12')}<p:sp><p:txBody><a:p><a:r><a:t>End.`,
      },
    ]),
  );
  expect(whole.text).toBe('# Title\n\nBody.\n\nEnd.');
});

it('reads the signs of symbol fonts on slides as what they show', async () => {
  const run = (text: string, looks = '') => `<a:r><a:rPr>${looks}</a:rPr><a:t>${text}</a:t></a:r>`;
  const words = `a</a:t></a:r>${run('\uf0e0', '<a:latin typeface="Arial"/><a:sym typeface="Wingdings"/>')}${run('\uf061', '<a:latin typeface="Symbol"/>')}<a:r><a:t>b`;
  expect((await parsed(pptx([{ text: words }]))).text).toBe('a→αb');
});

it('takes no longer than a file is long to look for what is never closed', () => {
  for (const start of ['<w:p><w:pPr><w:framePr w:dropCap="drop"', '<w:style w:styleId="a"']) {
    const xml = start + start.slice(start.lastIndexOf(' ')).repeat(50_000) + 'x'.repeat(1_000_000);
    normalizeWords(
      new Map([
        ['word/document.xml', xml],
        ['word/styles.xml', xml],
      ]),
    );
  }
  for (const part of [
    '<w:pPr>',
    '<w:pPr ',
    '<w:pPrChange>',
    '<w:pPr><w:numPr>',
    '<w:style w:styleId="',
    '<w:ruby>',
    '<w:ruby><w:t>',
    '<w:p>',
    '<w:r>',
    '<w:p><w:r><w:rPr>',
    '<w:rPrChange>',
    '<w:sym ',
    '<w:p><w:pPr><w:framePr w:dropCap="drop"',
    '<w:framePr w:dropCap="drop"/></w:pPr><w:p>',
  ]) {
    const xml = part.repeat(200_000);
    normalizeWords(
      new Map([
        ['word/document.xml', xml],
        ['word/styles.xml', xml],
      ]),
    );
  }
  for (const part of [
    '<c>',
    '<c ',
    '<c><v>',
    '<cellXfs>',
    '<xf ',
    '<xdr:txBody>',
    '<xdr:txBody><a:p>',
    '<a:t ',
  ]) {
    const xml = part.repeat(200_000);
    normalizeSheets(
      new Map([
        ['xl/drawings/d.xml', xml],
        ['xl/worksheets/_rels/a.xml.rels', '<Relationship Target="../drawings/d.xml"/>'],
        ['xl/worksheets/a.xml', xml],
        ['xl/styles.xml', xml],
      ]),
    );
  }
  expect(normalizeSlide('<p:sp>'.repeat(200_000))).toHaveLength(1_200_000);
  expect(normalizeSlide('<a:r>'.repeat(200_000))).toHaveLength(1_000_000);
});

it.each([
  ['a comment', '<!-- a > b -->'],
  ['an instruction', '<?a > b?>'],
])('refuses a part that declares a document type, behind %s too', async (_, before) => {
  const words = wordParagraph('words');
  expect((await parsed(docx(words, { doctype: before }))).text).toBe('words');
  const hostile = docx(words, { doctype: `${before}<!DOCTYPE x [<!ENTITY a "b">]>` });
  await expect(parsed(hostile)).rejects.toMatchObject({ code: 'corrupt' });
});

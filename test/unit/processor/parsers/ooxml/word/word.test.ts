import { expect, it } from 'vitest';

import {
  docx,
  wordHeading,
  wordParagraph,
  wordTable,
  zip,
} from '../../../../../helpers/documents/office-files.ts';
import {
  readText,
  wordPart,
  wordRelations,
  wordRun,
} from '../../../../../helpers/documents/office/word-parts.ts';

const field = (name: string, result: string) =>
  `<w:fldSimple w:instr=" ${name} ">${wordRun(result)}</w:fldSimple>`;
const PASTED = '<w:altChunk r:id="r1"/>';

it('reads headers at the top and footers at the end, each line once and without the numbers of pages', () => {
  const parts = {
    ...wordRelations(
      ['header', 'header1.xml'],
      ['header', 'header2.xml'],
      ['footer', 'footer1.xml'],
      ['footer', 'footer2.xml'],
    ),
    'word/header1.xml': wordPart('hdr', wordHeading(1, 'Mill Ltd, file 17')),
    'word/header2.xml': wordPart(
      'hdr',
      wordParagraph('Mill Ltd, file 17') + wordTable([['Draft', field('PAGE', '2')]]),
    ),
    'word/footer1.xml': wordPart(
      'ftr',
      `<w:p>${wordRun('Secret')}<w:r><w:tab/></w:r>${wordRun('Page ')}${field('PAGE', '3')}${wordRun(' of ')}${field('NUMPAGES', '9')}</w:p>` +
        `<w:p>${wordRun('– ')}${field('PAGE \\* ROMAN', 'III')}${wordRun(' –')}</w:p>`,
    ),
    'word/footer2.xml': wordPart(
      'ftr',
      wordParagraph('Mill Ltd, file 17') + wordParagraph('Seite 4 von 9') + wordParagraph('第 3 页'),
    ),
  };
  const body =
    wordHeading(1, 'Body') + `<w:p>${wordRun('All ')}${field('NUMPAGES', '9')}${wordRun(' pages.')}</w:p>`;
  expect(readText(docx(body, { parts })).text).toBe(
    'Mill Ltd, file 17\n\nDraft\n\n# Body\n\nAll 9 pages.\n\nSecret',
  );
});

it.each([
  ['Contract no.\t8812\t12.03.2024', 'Contract no. 8812 12.03.2024\n\nBody'],
  ['4711-0815', '4711-0815\n\nBody'],
  ['+49 30 123456', '+49 30 123456\n\nBody'],
  ['§ 5', '§ 5\n\nBody'],
  ['DE123', 'DE123\n\nBody'],
  ['12.10.2024', '12.10.2024\n\nBody'],
  ['CV', 'CV\n\nBody'],
  ['Mill\tPage 3 of 9', 'Mill\n\nBody'],
  ['2 / 9', 'Body'],
  ['p. xiv', 'Body'],
  ['第3页', 'Body'],
])('keeps the numbers of a header, but not those of pages: %s', (line, text) => {
  const words = line
    .split('\t')
    .map((piece) => wordRun(piece))
    .join('<w:r><w:tab/></w:r>');
  const parts = {
    ...wordRelations(['header', 'header1.xml']),
    'word/header1.xml': wordPart('hdr', `<w:p>${words}</w:p>`),
  };
  expect(readText(docx(wordParagraph('Body'), { parts })).text).toBe(text);
});

it('reads a document that was pasted as a whole in its place, once', () => {
  const pasted = (path: string, content: string | Uint8Array) => {
    const parts = { ...wordRelations(['aFChunk', path]), [`word/${path}`]: content };
    return readText(docx(wordParagraph('One') + PASTED + wordParagraph('Three') + PASTED, { parts })).text;
  };
  const page = '<html><body><h2>Two</h2><p>caf\u00e9</p></body></html>';
  const expected = 'One\n\n## Two\n\ncaf\u00e9\n\nThree';
  expect(pasted('a.html', page)).toBe(expected);
  expect(
    pasted(
      'a.mht',
      `MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${page.replace('\u00e9', '=C3=A9').replace('body', 'bo=\r\ndy').replaceAll('<h2', '<h2 class=3D"x"')}\r\n--b--`,
    ),
  ).toBe(expected);
  expect(
    pasted(
      'a.mht',
      `Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n${Buffer.from(page).toString('base64')}`,
    ),
  ).toBe(expected);
  const start = process.cpuUsage();
  expect(pasted('a.mht', `${' '.repeat(80_000)}x`)).toBe('One\n\nThree');
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(3);
  expect(pasted('a.txt', 'Two\r\ntwo')).toBe('One\n\nTwo\n\ntwo\n\nThree');
  // The document within names its own parts, and has none pasted.
  const inner = docx(wordHeading(2, 'Two') + PASTED + wordParagraph('caf\u00e9'), {
    parts: { ...wordRelations(['aFChunk', 'b.txt']), 'word/b.txt': 'no' },
  });
  expect(pasted('a.docx', inner)).toBe(expected);
  const large = docx('', { parts: { 'word/a.txt': Buffer.alloc(70 * 1024 * 1024) } });
  const outer = {
    ...wordRelations(['aFChunk', 'a.docx'], ['aFChunk', 'b.docx']),
    'word/a.docx': large,
    'word/b.docx': large,
  };
  expect(() => readText(docx(PASTED + PASTED.replace('r1', 'r2'), { parts: outer }))).toThrow(
    expect.objectContaining({ code: 'text_too_long' }),
  );
  expect(pasted('a.docx', inner.subarray(0, 300))).toBe('One\n\nThree');
  expect(pasted('a.rtf', '{\\rtf1 Two\\par}')).toBe('One\n\nTwo\n\nThree');
  expect(pasted('a.bin', 'no')).toBe('One\n\nThree');
});

it('finds the parts of a document by its relationships, in the strict form too', () => {
  const strict = 'http://purl.oclc.org/ooxml';
  const relations = (...targets: string[]) =>
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${targets.map((target, index) => `<Relationship Id="r${index}" Type="${strict}/officeDocument/relationships/${target.split(' ')[0]}" Target="${target.split(' ')[1]}"/>`).join('')}</Relationships>`;
  const root = (name: string, content: string) =>
    `<x:${name} xmlns:x="${strict}/wordprocessingml/main">${content.replaceAll('w:', 'x:')}</x:${name}>`;
  const file = zip({
    '_rels/.rels': relations('officeDocument /parts/main.xml'),
    'parts/main.xml': root(
      'document',
      `<w:body>${wordParagraph('Kopf', '<w:pStyle w:val="k"/>')}${wordParagraph('Text')}</w:body>`,
    ),
    'parts/_rels/main.xml.rels': relations('styles ../looks.xml'),
    'looks.xml': root(
      'styles',
      '<w:style w:type="paragraph" w:styleId="k"><w:name w:val="heading 2"/></w:style>',
    ),
    'word/document.xml': wordPart('document', wordParagraph('no')),
  });
  expect(readText(file).text).toBe('## Kopf\n\nText');
});

it('reads on if other parts are damaged, and refuses a file without a document', () => {
  const parts = {
    'word/styles.xml': '<w:styles><w:style w:styleId="Heading1"',
    'word/numbering.xml': 'no XML',
    'word/_rels/document.xml.rels': '<<>>',
    'word/footnotes.xml': Buffer.from([0xff, 0xfe, 0x00]),
  };
  expect(readText(docx(wordHeading(1, 'Head') + '<w:p><w:r><w:t>words', { parts })).text).toBe(
    '# Head\n\nwords',
  );
  expect(() => readText(zip({ 'word/styles.xml': '<w:styles/>' }))).toThrow(
    expect.objectContaining({ code: 'corrupt' }),
  );
});

it('searches for unclosed parts in time proportional to the file', () => {
  const parts = [
    '<w:pPr>',
    '<w:pPr ',
    '<w:ruby><w:t>',
    '<w:p><w:r>',
    '<w:tbl><w:tr><w:tc>',
    '<w:sym ',
    '<w:numPr><w:ilvl',
  ];
  for (const part of parts) {
    const xml = part.repeat(100_000);
    const file = docx('', {
      parts: { 'word/document.xml': xml, 'word/styles.xml': xml, 'word/numbering.xml': xml },
    });
    try {
      expect(readText(file).text).toBe('');
    } catch (error) {
      expect(error).toMatchObject({ code: 'corrupt' });
    }
  }
  const many = '<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:drawing/><w:t>x</w:t></w:r></w:p>'.repeat(
    50_000,
  );
  expect(readText(docx(many)).text).toBe('x'.repeat(50_000));
});

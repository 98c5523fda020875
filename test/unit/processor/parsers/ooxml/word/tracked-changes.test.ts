import { expect, it } from 'vitest';

import { docx, wordParagraph } from '../../../../../helpers/documents/office-files.ts';
import { readText, wordRun } from '../../../../../helpers/documents/office/word-parts.ts';

const read = (body: string) => readText(docx(body)).text;
const change = (kind: string, inner = '') => `<w:${kind} w:id="1" w:author="A">${inner}</w:${kind}>`;
const gone = (text: string) => change('del', `<w:r><w:delText>${text}</w:delText></w:r>`);
const paragraph = (inner: string, properties = '') => `<w:p><w:pPr>${properties}</w:pPr>${inner}</w:p>`;

it('reads a document as if all changes were accepted', () => {
  const body =
    paragraph(
      wordRun('pay ') + gone('six') + change('ins', wordRun('ten') + gone('no')) + wordRun(' euros'),
    ) +
    paragraph(change('moveFrom', wordRun('Moved.'))) +
    paragraph(wordRun('Stays.')) +
    paragraph(change('moveTo', wordRun('Moved.')));
  expect(read(body)).toBe('pay ten euros\n\nStays.\n\nMoved.');
});

it('joins paragraphs whose end is deleted, with the properties of the last', () => {
  const deleted = '<w:rPr><w:del w:id="1"/></w:rPr>';
  const body =
    paragraph(wordRun('One '), deleted) +
    paragraph(gone('no'), `<w:pStyle w:val="Heading1"/>${deleted}`) +
    paragraph(wordRun('two.'), '<w:pStyle w:val="Heading2"/>') +
    paragraph(gone('no'), '<w:rPr><w:moveFrom w:id="2"/></w:rPr>') +
    wordParagraph('Three') +
    paragraph(wordRun('last'), deleted);
  expect(read(body)).toBe('## One two.\n\nThree\n\nlast');
});

it('leaves out deleted rows and cells, and former properties', () => {
  const cell = (text: string, properties = '') =>
    `<w:tc><w:tcPr>${properties}</w:tcPr>${wordParagraph(text)}</w:tc>`;
  const row = (cells: string, properties = '') => `<w:tr><w:trPr>${properties}</w:trPr>${cells}</w:tr>`;
  const body =
    `<w:tbl>${row(cell('a') + cell('b'))}${row(cell('no') + cell('no'), change('del'))}${row(cell('no', change('cellDel')) + cell('c') + cell('d'), change('ins'))}</w:tbl>` +
    `<w:tbl>${row(cell('no'), change('del'))}</w:tbl>` +
    wordParagraph('x', '<w:pPrChange w:id="1"><w:pPr><w:pStyle w:val="Heading1"/></w:pPr></w:pPrChange>') +
    wordParagraph('y', '<w:numPr><w:ins w:id="1"/></w:numPr>');
  expect(read(body)).toBe('| a | b |\n| --- | --- |\n| c | d |\n\nx\n\ny');
});

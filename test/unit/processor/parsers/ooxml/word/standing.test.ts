import { expect, it } from 'vitest';

import { docx, wordItem, wordParagraph, wordTable } from '../../../../../helpers/documents/office-files.ts';
import {
  readText,
  wordPart,
  wordRelations,
  wordRun,
} from '../../../../../helpers/documents/office/word-parts.ts';

const read = (body: string, parts: Readonly<Record<string, string>> = {}) =>
  readText(docx(body, { parts })).text;
const reference = (kind: string, id: number) => `<w:r><w:${kind}Reference w:id="${id}"/></w:r>`;
const note = (kind: string, id: number, content: string, more = '') =>
  `<w:${kind} w:id="${id}" ${more}>${content}</w:${kind}>`;
const drawing = (content: string, description = '') =>
  `<w:r><w:drawing><wp:inline><wp:docPr id="1" name="x" descr="${description}"/><a:graphic><a:graphicData>${content}</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>`;
const box = (content: string) => `<w:txbxContent>${content}</w:txbxContent>`;

it('reads notes after their paragraph, each once', () => {
  const parts = {
    'word/footnotes.xml': wordPart(
      'footnotes',
      note('footnote', -1, '<w:p/>', 'w:type="separator"') +
        note(
          'footnote',
          0,
          `<w:p><w:r><w:footnoteRef/></w:r>${wordRun(' First.')}</w:p>${wordParagraph('More.')}`,
        ) +
        note('footnote', 1, wordParagraph('Unused.')),
    ),
    'word/endnotes.xml': wordPart(
      'endnotes',
      note(
        'endnote',
        0,
        wordTable([
          ['a', 'b'],
          ['c', 'd'],
        ]),
      ),
    ),
  };
  const body =
    `<w:p>${wordRun('One')}${reference('footnote', 0)}${wordRun(' two')}${reference('endnote', 0)}${reference('footnote', 7)}</w:p>` +
    `<w:p>${wordRun('Three')}${reference('footnote', 0)}</w:p>`;
  expect(read(body, parts)).toBe('One two\n\nFirst.\n\nMore.\n\na b\n\nc d\n\nThree');
});

it('reads notes of the words in a table after it', () => {
  const parts = { 'word/footnotes.xml': wordPart('footnotes', note('footnote', 2, wordParagraph('Note.'))) };
  const body = wordTable([['a', 'b']]).replace('<w:r>', `${reference('footnote', 2)}<w:r>`);
  expect(read(body + wordParagraph('x'), parts)).toBe('| a | b |\n| --- | --- |\n\nNote.\n\nx');
});

it('reads comments where they stand, with their authors', () => {
  const comments =
    note('comment', 4, wordParagraph('Sure?') + wordParagraph('Ask.'), 'w:author="Ann"') +
    note('comment', 5, wordParagraph('Yes.')) +
    note('comment', 6, '<w:p/>', 'w:author="Ann"');
  // A relationship names the part.
  const parts = {
    ...wordRelations(['comments', 'remarks/c.xml']),
    'word/remarks/c.xml': wordPart('comments', comments),
  };
  const body = `<w:p>${wordRun('Words')}${[4, 5, 6].map((id) => reference('comment', id)).join('')}</w:p>`;
  expect(read(body + wordParagraph('End'), parts)).toBe(
    'Words\n\nComment (Ann): Sure?\nAsk.\n\nComment: Yes.\n\nEnd',
  );
});

it('leaves out the notes of hidden words', () => {
  const parts = { 'word/footnotes.xml': wordPart('footnotes', note('footnote', 2, wordParagraph('Note.'))) };
  const hidden = '<w:r><w:rPr><w:vanish/></w:rPr><w:footnoteReference w:id="2"/></w:r>';
  const file = docx(`<w:p>${wordRun('x')}${hidden}</w:p>`, { parts });
  expect(readText(file)).toEqual({ text: 'x', leftOut: 1 });
  expect(readText(file, true).text).toBe('x\n\nNote.');
});

it('reads text boxes after their paragraph, in one of their forms', () => {
  const modern = `<mc:Choice Requires="wps">${drawing(`<wps:wsp><wps:txbx>${box(wordItem(0, 'boxed') + wordTable([['a', 'b']]))}</wps:txbx></wps:wsp>`, 'no').slice('<w:r>'.length, -'</w:r>'.length)}</mc:Choice>`;
  const old = `<mc:Fallback><w:pict><v:shape alt="no"><v:textbox>${box(wordParagraph('boxed'))}</v:textbox></v:shape></w:pict></mc:Fallback>`;
  const body = `<w:p>${wordRun('Before')}<w:r><mc:AlternateContent>${modern}${old}</mc:AlternateContent></w:r></w:p>`;
  const expected = 'Before\n\n1. boxed\n\n| a | b |\n| --- | --- |\n\nAfter';
  expect(read(body + wordParagraph('After'))).toBe(expected);
  const unknown = body.replace('Requires="wps"', 'Requires="wps unknown"');
  expect(read(unknown + wordParagraph('After'))).toBe('Before\n\nboxed\n\nAfter');
  expect(
    read(
      `<mc:AlternateContent><mc:Choice Requires="wps">${wordParagraph('a')}</mc:Choice><mc:Fallback>${wordParagraph('b')}</mc:Fallback></mc:AlternateContent>`,
    ),
  ).toBe('a');
});

it('reads drawn words, and the descriptions of pictures', () => {
  const art = '<w:r><w:pict><v:shape alt="no"><v:textpath string="Curved"/></v:shape></w:pict></w:r>';
  const canvas = drawing('<a:sp><a:txBody><a:p><a:r><a:t>Drawn</a:t></a:r></a:p></a:txBody></a:sp>');
  const picture = drawing('<a:blip/>', 'A ferry at night');
  const old = '<w:r><w:pict><v:shape alt="A quay"><v:imagedata/></v:shape></w:pict></w:r>';
  const named = drawing('<a:blip/>', 'C:\\images\\logo.PNG');
  expect(read(`<w:p>${wordRun('x')}${art}${canvas}${picture}${old}${named}</w:p>`)).toBe(
    'x\n\nCurved\n\nDrawn\n\nA ferry at night\n\nA quay',
  );
});

it('reads charts and SmartArt where they stand', () => {
  const points = (...values: string[]) =>
    values.map((value, index) => `<c:pt idx="${index}"><c:v>${value}</c:v></c:pt>`).join('');
  const chart = `<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart><c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:strCache>${points('Catch')}</c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:strCache>${points('Cod', 'Hake')}</c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache>${points('3', '4')}</c:numCache></c:numRef></c:val></c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>`;
  const diagram =
    '<dgm:dataModel xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><dgm:ptLst><dgm:pt modelId="1"><dgm:t><a:p><a:r><a:t>Cast</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>';
  const parts = {
    ...wordRelations(['chart', 'charts/chart1.xml'], ['diagramData', '/word/diagrams/data1.xml']),
    'word/charts/chart1.xml': chart,
    'word/diagrams/data1.xml': diagram,
  };
  const body = `<w:p>${wordRun('See')}${drawing('<c:chart r:id="r1"/>', 'no')}${drawing('<dgm:relIds r:dm="r2"/>')}${drawing('<c:chart r:id="none"/>')}</w:p>`;
  expect(read(body + wordParagraph('End'), parts)).toBe(
    'See\n\n|  | Catch |\n| --- | --- |\n| Cod | 3 |\n| Hake | 4 |\n\n- Cast\n\nEnd',
  );
});

import { expect, it } from 'vitest';

import { docx, wordParagraph, zip } from '../../../../../helpers/documents/office-files.ts';
import { parsed } from '../../../../../helpers/documents/parsed.ts';
import { readText, wordPart, wordRun } from '../../../../../helpers/documents/office/word-parts.ts';

const style = (id: string, body: string, type = 'paragraph') =>
  `<w:style w:type="${type}" w:styleId="${id}">${body}</w:style>`;
const styled = (body: string, styles: string) =>
  readText(docx(body, { parts: { 'word/styles.xml': wordPart('styles', styles) } })).text;
const of = (id: string, more = '') => `<w:pStyle w:val="${id}"/>${more}`;

it('knows headings and items by the properties of their styles, whatever their names', async () => {
  const styles =
    style('berschrift1', '<w:name w:val="heading 1"/>') +
    style('Kapitel', '<w:name w:val="Kapitel"/><w:basedOn w:val="berschrift1"/>') +
    style('Abschnitt', '<w:name w:val="Abschnitt"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr>') +
    style(
      'Verzeichnis',
      '<w:name w:val="TOC Heading"/><w:basedOn w:val="berschrift1"/><w:pPr><w:outlineLvl w:val="9"/></w:pPr>',
    ) +
    style(
      'Listenpunkt',
      '<w:name w:val="List Bullet"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>',
    );
  const body =
    wordParagraph('Eins', of('berschrift1')) +
    wordParagraph('Inhalt', of('Verzeichnis')) +
    wordParagraph('Teil', of('Abschnitt')) +
    wordParagraph('Punkt', of('Listenpunkt')) +
    wordParagraph('Zwei', of('Kapitel')) +
    wordParagraph('Drei', '<w:outlineLvl w:val="2"/>');
  const parts = { 'word/styles.xml': wordPart('styles', styles) };
  const { text, segments } = await parsed(docx(body, { parts }));
  expect(text).toBe('# Eins\n\nInhalt\n\n## Teil\n\n1. Punkt\n\n# Zwei\n\n### Drei');
  expect(segments.map(({ heading }) => heading)).toEqual(['Eins', 'Eins > Teil', 'Zwei', 'Zwei > Drei']);
});

it('knows the usual headings of a document without styles, and its title', () => {
  const body =
    wordParagraph('T', of('Title')) +
    wordParagraph('H', of('Heading2')) +
    wordParagraph('p', of('Heading2Char'));
  expect(styled(body, '')).toBe('# T\n\n## H\n\np');
  const main = wordPart('document', `<w:body>${body}</w:body>`);
  const types =
    '<Types><Override PartName="/word/document2.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>';
  expect(readText(zip({ '[Content_Types].xml': types, 'word/document2.xml': main })).text).toBe(
    '# T\n\n## H\n\np',
  );
});

it('stops at a chain of styles without an end', () => {
  expect(
    styled(
      wordParagraph('x', of('A')),
      style('A', '<w:basedOn w:val="B"/>') + style('B', '<w:basedOn w:val="A"/>'),
    ),
  ).toBe('x');
});

it('leaves out hidden words, and makes no item of a paragraph that belongs to no list', () => {
  const words =
    wordRun('a', '<w:b/><w:vanish/>') +
    wordRun('b', '<w:vanish w:val="0"/>') +
    wordRun('c', '<w:webHidden/>') +
    wordRun('d', '<w:vanish w:val="true"/><w:i/>');
  const none = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="0"/></w:numPr>';
  const file = docx(`<w:p>${words}</w:p>${wordParagraph('e', none)}`);
  expect(readText(file)).toEqual({ text: 'bc\n\ne', leftOut: 2 });
  expect(readText(file, true)).toEqual({ text: 'abcd\n\ne', leftOut: 0 });
});

it('counts hidden words that stand together once, and blanks not at all', () => {
  const hidden = (text: string) => wordRun(text, '<w:vanish/>');
  const body = `<w:p>${hidden('a ')}${hidden(' ')}${hidden('b')}${wordRun('c')}${hidden(' ')}</w:p>`;
  expect(readText(docx(body))).toEqual({ text: 'c', leftOut: 1 });
});

it('leaves out hidden words, however their tags are written', () => {
  const words =
    wordRun('a', '<w:vanish></w:vanish>') +
    wordRun('b', "<w:vanish w:val='false'/>") +
    wordRun('c', "<w:vanish  w:val = 'on' ></w:vanish >") +
    wordRun('d', '<w:b></w:b><w:vanish\n/>') +
    wordRun('y', '<w:vanish w:rsidR="0" w:val="1"/>') +
    '<w:r><w:rPr><w:vanish/></w:rPr><w:t>z</w:t><w:noBreakHyphen/></w:r>' +
    wordRun('e &gt; <![CDATA[f]]>', '<w:vanish w:val="off"></w:vanish>');
  const hidden = `<w:style w:type='character' w:styleId='Hidden'><w:name w:val='x'></w:name><w:rPr><w:vanish></w:vanish></w:rPr></w:style>`;
  expect(styled(`<w:p>${words}${wordRun('g', "<w:rStyle w:val='Hidden'></w:rStyle>")}</w:p>`, hidden)).toBe(
    'be > f',
  );
});

it('leaves out words that a style or its base style hides', () => {
  const named = (id: string, body: string, type: string) => style(id, `<w:name w:val="${id}"/>${body}`, type);
  const styles =
    named('Hidden', '<w:rPr><w:b/><w:vanish/></w:rPr>', 'character') +
    named('Note', '<w:basedOn w:val="Hidden"/>', 'character') +
    named('Shown', '<w:basedOn w:val="Hidden"/><w:rPr><w:vanish w:val="0"/></w:rPr>', 'character') +
    named('Draft', '<w:rPr><w:vanish/></w:rPr>', 'paragraph');
  const by = (id: string) => `<w:rStyle w:val="${id}"/>`;
  const former = '<w:rPrChange w:id="1"><w:rPr><w:vanish/></w:rPr></w:rPrChange>';
  const box = `<w:r><w:pict><w:txbxContent>${wordParagraph('box')}</w:txbxContent></w:pict></w:r>`;
  const body =
    `<w:p>${wordRun('a', by('Hidden'))}${wordRun('b', by('Note'))}${wordRun('c', by('Shown'))}${wordRun('d', former)}</w:p>` +
    // If both styles hide a run, it shows.
    `<w:p><w:pPr>${of('Draft')}</w:pPr>${box}${wordRun('e')}${wordRun('f', '<w:vanish w:val="0"/>')}${wordRun('g', by('Hidden'))}</w:p>` +
    '<w:p/><w:p><w:r><w:t>h</w:t></w:r></w:p>';
  expect(styled(body, styles)).toBe('cd\n\nfg\n\nbox\n\nh');
});

it('leaves out words that the defaults hide, except visible runs', () => {
  const body =
    `<w:p>${wordRun('a')}</w:p><w:p>${wordRun('b', '<w:vanish w:val="0"/>')}</w:p>` +
    wordParagraph('c', of('Own'));
  const hidden = '<w:rPr><w:vanish/></w:rPr>';
  const own = style('Own', '<w:name w:val="Own"/>');
  expect(styled(body, `<w:docDefaults><w:rPrDefault>${hidden}</w:rPrDefault></w:docDefaults>${own}`)).toBe(
    'b',
  );
  const normal = `<w:style w:type="paragraph" w:default="1" w:styleId="Normal">${hidden}</w:style>`;
  expect(styled(body, normal + own)).toBe('b\n\nc');
});

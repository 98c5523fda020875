import { expect, it } from 'vitest';

import { pptx, zip, type Parts } from '../../../../../helpers/documents/office-files.ts';
import { parsed } from '../../../../../helpers/documents/parsed.ts';

const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const XMLNS = `xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="${OFFICE}"`;

const relations = (...targets: (readonly [id: string, type: string, target: string])[]) =>
  `<Relationships xmlns="${PACKAGE}/relationships">${targets.map(([id, type, target]) => `<Relationship Id="${id}" Type="${type.includes('/') ? type : `${OFFICE}/${type}`}" Target="${target}"/>`).join('')}</Relationships>`;

/** A show of slides, each given by its shapes, or by its whole element. */
function show(slides: readonly string[], parts: Parts = {}): Buffer {
  const files = slides.map((shapes, index) => [
    `ppt/slides/slide${index + 1}.xml`,
    shapes.startsWith('<p:sld ')
      ? shapes
      : `<p:sld ${XMLNS}><p:cSld><p:spTree>${shapes}</p:spTree></p:cSld></p:sld>`,
  ]);
  const ids = slides.map((_, index) => `<p:sldId id="${256 + index}" r:id="r${index + 1}"/>`).join('');
  return zip({
    '[Content_Types].xml': `<Types xmlns="${PACKAGE}/content-types"><Override PartName="/ppt/presentation.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>`,
    'ppt/presentation.xml': `<p:presentation ${XMLNS}><p:sldIdLst>${ids}</p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': relations(
      ...slides.map((_, index) => [`r${index + 1}`, 'slide', `slides/slide${index + 1}.xml`] as const),
      ['r90', 'commentAuthors', 'commentAuthors.xml'],
      ['r91', 'http://schemas.microsoft.com/office/2018/10/relationships/authors', 'authors.xml'],
    ),
    ...Object.fromEntries(files),
    ...parts,
  });
}

const words = (text: string, properties = '', looks = '') =>
  `<a:p>${properties}<a:r><a:rPr>${looks}</a:rPr><a:t>${text}</a:t></a:r></a:p>`;
const shape = (paragraphs: string, kind = '', looks = '') =>
  `<p:sp><p:nvSpPr><p:cNvPr id="2" name="x"${looks}/><p:cNvSpPr/><p:nvPr>${kind && `<p:ph type="${kind}"/>`}</p:nvPr></p:nvSpPr><p:txBody>${paragraphs}</p:txBody></p:sp>`;
const frame = (content: string) =>
  `<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="4" name="f"/></p:nvGraphicFramePr><a:graphic><a:graphicData>${content}</a:graphicData></a:graphic></p:graphicFrame>`;

it('heads a slide with its title, and leaves out its number and the present date', async () => {
  const today = '<a:p><a:fld type="datetime1"><a:t>1/2/2031</a:t></a:fld></a:p>';
  const repeated = shape(words('12'), 'sldNum') + shape(today, 'dt');
  const slide = shape(words('Body.')) + shape(words('The') + words('title'), 'title') + repeated;
  const { text, segments } = await parsed(show([slide + shape(words('End.'))]));
  expect(text).toBe('# The title\n\nBody.\n\nEnd.');
  expect(segments.map(({ page, heading }) => [page, heading])).toEqual([[1, 'The title']]);
});

it('reads the footers, headers and typed dates of a show, each once', async () => {
  const slide = (...lines: string[]) => lines.map((line) => shape(words(line), 'ftr')).join('');
  const first = slide('Mill Ltd') + shape(words('May 2031'), 'dt') + shape(words('Draft'), 'hdr');
  expect((await parsed(show([first, slide('Mill Ltd', 'Hill Ltd')]))).text).toBe(
    'Mill Ltd\n\nMay 2031\n\nDraft\n\nHill Ltd',
  );
});

it('reads items with their levels and numbers', async () => {
  const at = (level: number, mark: string) => `<a:pPr lvl="${level}">${mark}</a:pPr>`;
  const number = (type: string, start = '') => `<a:buAutoNum type="${type}"${start}/>`;
  const list =
    words('Bring', at(0, '<a:buChar char="•"/>')) +
    words('a hat', at(1, '<a:buBlip/>')) +
    words('First', at(0, number('arabicPeriod', ' startAt="3"'))) +
    words('inner', at(1, number('alphaLcParenBoth'))) +
    words('inner', at(1, number('alphaLcParenBoth'))) +
    words('Second', at(0, number('arabicPeriod', ' startAt="3"'))) +
    words('Words.', at(0, '<a:buNone/>')) +
    words('Anew', at(0, number('romanUcParenR')));
  expect((await parsed(show([shape(list)]))).text).toBe(
    '- Bring\n    - a hat\n3. First\n    (a) inner\n    (b) inner\n4. Second\n\nWords.\n\nI) Anew',
  );
});

it('reads fields, breaks, formulas and the signs of symbol fonts within words', async () => {
  const sign = (text: string, looks: string) => `<a:r><a:rPr>${looks}</a:rPr><a:t>${text}</a:t></a:r>`;
  const formula =
    '<a14:m xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main"><m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><m:r><m:t>x=1</m:t></m:r></m:oMath></a14:m>';
  const paragraph = `<a:p><a:r><a:t>a</a:t></a:r>${sign('\uf0e0', '<a:latin typeface="Arial"/><a:sym typeface="Wingdings"/>')}${sign('\uf061', '<a:latin typeface="Symbol"/>')}<a:fld type="datetime1"><a:t>2031</a:t></a:fld><a:br/>${formula}</a:p>`;
  expect((await parsed(show([shape(paragraph)]))).text).toBe('a→α2031\nx=1');
});

it('reads a table with its merged cells', async () => {
  const cell = (text: string, spans = '') => `<a:tc${spans}><a:txBody>${words(text)}</a:txBody></a:tc>`;
  const rows = [
    cell('Site', ' rowSpan="2"') + cell('2031', ' gridSpan="2"') + cell('', ' hMerge="1"'),
    cell('', ' vMerge="1"') + cell('Wool') + cell('Milk'),
    cell('Hill', ' rowSpan="2"') + cell('1') + cell('2'),
    cell('', ' vMerge="1"') + cell('3') + cell('4'),
  ];
  const table = `<a:tbl>${rows.map((row) => `<a:tr>${row}</a:tr>`).join('')}</a:tbl>`;
  const { text, segments } = await parsed(show([frame(table)]));
  expect(text).toBe(
    '| Site | 2031 |  |\n| --- | --- | --- |\n|  | Wool | Milk |\n| Hill | 1 | 2 |\n|  | 3 | 4 |',
  );
  expect(segments.at(-1)?.context).toBe('| Site | 2031 |\n|  | Wool | Milk |\n| Hill |');
});

it('reads groups, charts, SmartArt and the words that describe a picture, in their order', async () => {
  const C = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"';
  const D = 'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"';
  const picture =
    '<p:pic><p:nvPicPr><p:cNvPr id="3" name="p" descr="A seal"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr></p:pic>';
  const named = picture.replace('A seal', 'temp_pptx4.png');
  const group = `<p:grpSp><p:nvGrpSpPr/>${shape(words('one'))}<p:grpSp>${shape(words('two'))}</p:grpSp></p:grpSp>`;
  const slide =
    group +
    frame(`<c:chart ${C} r:id="r1"/>`) +
    frame(`<dgm:relIds ${D} r:dm="r2"/>`) +
    picture +
    named +
    shape(words('three'));
  const parts = {
    'ppt/slides/_rels/slide1.xml.rels': relations(
      ['r1', 'chart', '../charts/chart1.xml'],
      ['r2', 'diagramData', '../diagrams/data1.xml'],
    ),
    'ppt/charts/chart1.xml': `<c:chartSpace ${C} ${XMLNS}><c:chart><c:title><c:tx><c:rich>${words('Jars')}</c:rich></c:tx></c:title></c:chart></c:chartSpace>`,
    'ppt/diagrams/data1.xml': `<dgm:dataModel ${D} ${XMLNS}><dgm:ptLst><dgm:pt modelId="1"><dgm:t>${words('Boil')}</dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>`,
  };
  expect((await parsed(show([slide], parts))).text).toBe('one\n\ntwo\n\nJars\n\n- Boil\n\nA seal\n\nthree');
});

it('reads one form of content that a slide holds in several', async () => {
  const form = (text: string) => shape(words(text));
  const slide = `<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice Requires="a14">${form('new')}</mc:Choice><mc:Fallback>${form('old')}</mc:Fallback></mc:AlternateContent>`;
  expect((await parsed(show([slide]))).text).toBe('new');
  const newer = slide.replace('Requires="a14"', 'Requires="cx4"');
  expect((await parsed(show([newer]))).text).toBe('new');
  const only = slide.replace('Requires="a14"', 'Requires="z9"').replace(/<mc:Fallback>.*<\/mc:Fallback>/, '');
  expect((await parsed(show([only]))).text).toBe('new');
});

it('leaves out hidden slides and shapes, counts them, and keeps the numbers of the pages', async () => {
  const hidden = `<p:sld ${XMLNS} show="0"><p:cSld><p:spTree>${shape(words('Unseen'))}</p:spTree></p:cSld></p:sld>`;
  const shapes =
    shape(words('Seen')) + shape(words('Unseen'), '', ' hidden="1"') + shape('', '', ' hidden="1"');
  const { text, segments, metadata } = await parsed(show([hidden, shapes]));
  expect(text).toBe('Seen');
  expect(segments.map(({ page }) => page)).toEqual([2]);
  expect(metadata).toMatchObject({ pages: 2, hidden_left_out: 2 });
});

it('reads notes and comments after the slide, each comment with its author', async () => {
  const P188 = 'xmlns:p188="http://schemas.microsoft.com/office/powerpoint/2018/8/main"';
  const body = (text: string) => `<p188:txBody>${words(text)}</p188:txBody>`;
  const parts = {
    'ppt/slides/_rels/slide1.xml.rels': relations(
      ['r1', 'notesSlide', '../notesSlides/notesSlide7.xml'],
      ['r2', 'comments', '../comments/comment1.xml'],
      ['r3', 'http://schemas.microsoft.com/office/2018/10/relationships/comments', '../comments/modern.xml'],
    ),
    'ppt/notesSlides/notesSlide7.xml': `<p:notes ${XMLNS}><p:cSld><p:spTree>${shape(words('Smile.'), 'body')}${shape(words('1'), 'sldNum')}</p:spTree></p:cSld></p:notes>`,
    'ppt/comments/comment1.xml': `<p:cmLst ${XMLNS}><p:cm authorId="0"><p:text>Shorter?</p:text></p:cm></p:cmLst>`,
    'ppt/comments/modern.xml': `<p188:cmLst ${P188} ${XMLNS}><p188:cm authorId="{B}"><p188:replyLst><p188:reply authorId="{A}">${body('Yes.')}</p188:reply></p188:replyLst>${body('Really?')}</p188:cm></p188:cmLst>`,
    'ppt/commentAuthors.xml': `<p:cmAuthorLst ${XMLNS}><p:cmAuthor id="0" name="Ann"/></p:cmAuthorLst>`,
    'ppt/authors.xml': `<p188:authorLst ${P188}><p188:author id="{A}" name="Ann"/><p188:author id="{B}" name="Bo"/></p188:authorLst>`,
  };
  expect((await parsed(show([shape(words('Hello.'))], parts))).text).toBe(
    'Hello.\n\nSmile.\n\nComment (Ann): Shorter?\n\nComment (Bo): Really?\n\nComment (Ann): Yes.',
  );
});

it('reads the slides by their numbers if the show names none', async () => {
  const named = pptx([{ text: 'second' }, { text: 'first' }]);
  expect((await parsed(named)).text).toBe('second\n\nfirst');
  const unnamed = show([shape(words('one')), shape(words('two'))], { 'ppt/_rels/presentation.xml.rels': '' });
  expect((await parsed(unnamed)).text).toBe('one\n\ntwo');
});

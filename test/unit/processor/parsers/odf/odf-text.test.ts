import { expect, it } from 'vitest';

import { readOdt } from '../../../../../src/processor/parsers/odf/odf.ts';
import { OPEN_DOCUMENT, openDocument, type Parts } from '../../../../helpers/documents/office-files.ts';
import { readBlocks } from '../../../../helpers/documents/parsed.ts';

/** Reads the body of a text as Markdown. */
const text = (body: string, styles = '', parts: Parts = {}, includesHidden = false) =>
  readBlocks(readOdt, openDocument('text', body, { styles, parts }), includesHidden);
const words = (...args: Parameters<typeof text>) => text(...args).text;

const HIDING = (family: string) =>
  `<style:style style:name="base" style:family="${family}"><style:text-properties text:display="none"/></style:style>` +
  `<style:style style:name="hid" style:family="${family}" style:parent-style-name="base"/>` +
  `<style:style style:name="shown" style:family="${family}" style:parent-style-name="base"><style:text-properties text:display="true"/></style:style>`;

it('reads spaces, tabs and line breaks', () => {
  expect(words('<text:p>a<text:s text:c="900000000"/>b\n  c<text:tab/>d<text:line-break/>e</text:p>')).toBe(
    'a b c d\ne',
  );
});

it('reads titles and headings with the numbers of their outline', () => {
  const outline =
    '<office:styles><text:outline-style><text:outline-level-style text:level="1" style:num-format="1" style:num-prefix="Article "/>' +
    '<text:outline-level-style text:level="2" style:num-format="a" style:num-suffix=")" text:display-levels="2"/></text:outline-style>' +
    '<style:style style:name="Title" style:family="paragraph"/></office:styles>';
  const heading = (level: number, title: string, more = '') =>
    `<text:h text:outline-level="${level}" ${more}>${title}</text:h>`;
  const body =
    '<text:p text:style-name="P1">Contract</text:p>' +
    heading(1, 'Scope') +
    heading(2, 'Places') +
    heading(1, 'Preface', 'text:is-list-header="true"') +
    heading(1, 'Term') +
    heading(1, 'Annex', 'text:restart-numbering="true" text:start-value="9"') +
    heading(2, 'Maps');
  const title = '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>';
  const parts = {
    'styles.xml': `<office:document-styles ${OPEN_DOCUMENT}>${outline}</office:document-styles>`,
  };
  expect(words(body, title, parts)).toBe(
    '# Contract\n\n# Article 1 Scope\n\n## 1.a) Places\n\n# Preface\n\n# Article 2 Term\n\n# Article 9 Annex\n\n## 9.a) Maps',
  );
});

const number = (level: number, format: string, more = '') =>
  `<text:list-level-style-number text:level="${level}" style:num-format="${format}" ${more}/>`;
const LISTS =
  `<text:list-style style:name="L">${number(1, '1', 'style:num-suffix="."')}${number(2, '1', 'text:display-levels="2"')}${number(3, 'i', 'style:num-prefix="(" style:num-suffix=")"')}</text:list-style>` +
  `<text:list-style style:name="A">${number(1, 'a', 'style:num-prefix="(" style:num-suffix=")" text:start-value="2"')}</text:list-style>` +
  '<text:list-style style:name="B"><text:list-level-style-bullet text:level="1" text:bullet-char="•"/></text:list-style>';
const list = (style: string, items: string, more = '') =>
  `<text:list ${style === '' ? '' : `text:style-name="${style}"`} ${more}>${items}</text:list>`;
const item = (content: string, more = '') =>
  `<text:list-item ${more}>${content.startsWith('<') ? content : `<text:p>${content}</text:p>`}</text:list-item>`;

it('marks list items as the document does', () => {
  const inner = list('', item(`<text:p>c</text:p>${list('', item('d') + item('e'))}`));
  expect(words(list('L', item('a') + item(`<text:p>b</text:p>${inner}`) + item('f')), LISTS)).toBe(
    '1. a\n2. b\n    2.1 c\n        (i) d\n        (ii) e\n3. f',
  );
  expect(words(list('A', item('a') + item('b', 'text:start-value="27"') + item('c')), LISTS)).toBe(
    '(b) a\n(aa) b\n(ab) c',
  );
  expect(words(list('B', item('a') + item(list('', item('b')))), LISTS)).toBe('- a\n    - b');
  expect(words(list('none', item('<text:number>§ 7</text:number><text:p>a</text:p>')))).toBe('§ 7 a');
});

it('continues the numbers of a list where the document says so', () => {
  const first = list('L', item('a'), 'xml:id="first"');
  const between = '<text:p>words</text:p>';
  expect(words(first + between + list('L', item('b'), 'text:continue-numbering="true"'), LISTS)).toMatch(
    /2\. b$/,
  );
  const others = list('B', item('x'));
  expect(words(first + others + list('L', item('b'), 'text:continue-list="first"'), LISTS)).toMatch(/2\. b$/);
  expect(words(first + between + list('L', item('b')), LISTS)).toMatch(/1\. b$/);
});

it('reads further paragraphs of an item, its header and numbered headings in lists', () => {
  const header = '<text:list-header><text:p>Above</text:p></text:list-header>';
  const body = `${header}${item('<text:p>a</text:p><text:p>more</text:p>')}${item('<text:h text:outline-level="2">Rules</text:h>')}`;
  expect(words(list('L', body), LISTS)).toBe('Above\n\n1. a\n\nmore\n\n## 2. Rules');
});

it('reads notes after their paragraph, and comments marked', () => {
  const note = (words: string) =>
    `<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>${words}</text:p></text:note-body></text:note>`;
  const comment =
    '<office:annotation><dc:creator>Ann</dc:creator><dc:date>2031-01-01</dc:date><text:p>Check</text:p><text:p>this.</text:p></office:annotation>';
  expect(
    words(
      `<text:p>One${note('First.')} two${comment}<office:annotation-end/>.</text:p><text:p>Next.</text:p>`,
    ),
  ).toBe('One two.\n\nFirst.\n\nComment (Ann): Check this.\n\nNext.');
});

it('reads text boxes and notes within notes', () => {
  const note = (content: string) => `<text:note><text:note-body>${content}</text:note-body></text:note>`;
  const box = `<draw:frame><draw:text-box><text:p>boxed${note('<text:p>inner</text:p>')}</text:p></draw:text-box></draw:frame>`;
  expect(words(`<text:p>One${note(`<text:p>First${box}</text:p>`)}</text:p>`)).toBe(
    'One\n\nFirst boxed inner',
  );
});

it('leaves out what is hidden, counts it, and reads it if asked', () => {
  const hidden: [body: string, styles?: string][] = [
    ['<text:p>a<text:span text:style-name="hid">no</text:span></text:p>', HIDING('text')],
    ['<text:p>a</text:p><text:p text:style-name="hid">no</text:p>', HIDING('paragraph')],
    ['<text:p>a</text:p><text:section text:display="none"><text:p>no</text:p></text:section>'],
    [
      '<text:p>a</text:p><text:section text:display="condition" text:is-hidden="true"><text:p>no</text:p></text:section>',
    ],
    ['<text:p>a<text:hidden-text text:is-hidden="true" text:string-value="no"/></text:p>'],
    ['<text:p>a</text:p><text:p>no<text:hidden-paragraph text:is-hidden="true"/></text:p>'],
    [
      '<text:p>a</text:p><draw:frame draw:display="none"><draw:text-box><text:p>no</text:p></draw:text-box></draw:frame>',
    ],
  ];
  for (const [body, styles] of hidden) {
    const { text: shown, hiddenLeftOut } = text(body, styles);
    expect([body, shown, hiddenLeftOut]).toEqual([body, 'a', 1]);
    expect(words(body, styles, {}, true)).toMatch(/^a\s*no$/);
  }
  const styles = HIDING('text');
  expect(words('<text:p><text:span text:style-name="shown">yes</text:span></text:p>', styles)).toBe('yes');
  expect(words('<text:section text:display="condition"><text:p>yes</text:p></text:section>')).toBe('yes');
});

it('leaves out deletions, pronunciations, sources of indexes and forms', () => {
  const body =
    '<text:tracked-changes><text:changed-region><text:deletion><text:p>no</text:p></text:deletion></text:changed-region></text:tracked-changes>' +
    '<office:forms><text:p>no</text:p></office:forms>' +
    '<text:table-of-content><text:table-of-content-source><text:index-title-template>no</text:index-title-template></text:table-of-content-source><text:index-body><text:p>Contents</text:p></text:index-body></text:table-of-content>' +
    '<text:p><text:ruby><text:ruby-base>漢</text:ruby-base><text:ruby-text>no</text:ruby-text></text:ruby> <text:date>4 May</text:date><text:variable-set text:display="none">no</text:variable-set></text:p>';
  expect(words(body)).toBe('Contents\n\n漢 4 May');
});

it('reads text boxes after their paragraph, and images by their description', () => {
  const box = '<draw:frame><draw:text-box><text:p>Boxed</text:p></draw:text-box></draw:frame>';
  const image = '<draw:frame><draw:image/><svg:title>A mill</svg:title><svg:desc>old</svg:desc></draw:frame>';
  expect(words(`<text:p>Before${box} and <draw:a>${image}</draw:a>.</text:p>${image}`)).toBe(
    'Before and A mill.\n\nBoxed\n\nA mill',
  );
  expect(words(`<text:p>x${box}y${image}z</text:p>`)).toBe('x y A mill z\n\nBoxed');
  expect(
    words('<draw:g><svg:title>Plan</svg:title><draw:rect><svg:desc>Barn</svg:desc></draw:rect></draw:g>'),
  ).toBe('Plan\n\nBarn');
  expect(words('<draw:g><draw:custom-shape><text:p>Shape</text:p></draw:custom-shape></draw:g>')).toBe(
    'Shape',
  );
});

it('reads formulas in their line, and charts as tables', () => {
  const object = (name: string) =>
    `<draw:frame><draw:object xlink:href="./${name}"/><draw:image/></draw:frame>`;
  const cell = (value: string) => `<table:table-cell><text:p>${value}</text:p></table:table-cell>`;
  const row = (...values: string[]) => `<table:table-row>${values.map(cell).join('')}</table:table-row>`;
  const chart =
    `<office:document-content ${OPEN_DOCUMENT}><office:chart><chart:chart><chart:title><text:p>Barley</text:p></chart:title>` +
    `<table:table><table:table-header-rows>${row('', 'Yield')}</table:table-header-rows><table:table-rows>${row('2030', '6.5')}</table:table-rows></table:table></chart:chart></office:chart></office:document-content>`;
  const formula =
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow><mi>a</mi><mo>=</mo><mi>b</mi></mrow><annotation>a eq b</annotation></semantics></math>';
  const parts = { 'Object 1/content.xml': chart, 'Object 2/content.xml': formula };
  expect(words(`<text:p>If ${object('Object 2')} then${object('Object 1')}</text:p>`, '', parts)).toBe(
    'If a=b then\n\nBarley\n\n|  | Yield |\n| --- | --- |\n| 2030 | 6.5 |',
  );
});

it('reads headers once at the top and footers at the end, without page numbers', () => {
  const page =
    '<text:p>Page <text:page-number>3</text:page-number> of <text:page-count>9</text:page-count></text:p>';
  const header = '<text:p>Contract no. 8812</text:p>';
  const masters = `<office:master-styles><style:master-page><style:header>${header}${page}</style:header><style:header-left style:display="false"><text:p>no</text:p></style:header-left><style:footer>${page}<text:p>May draft <text:page-number>3</text:page-number></text:p></style:footer></style:master-page><style:master-page><style:header>${header}</style:header></style:master-page></office:master-styles>`;
  const parts = {
    'styles.xml': `<office:document-styles ${OPEN_DOCUMENT}>${masters}</office:document-styles>`,
  };
  expect(words('<text:p>Body</text:p>', '', parts)).toBe('Contract no. 8812\n\nBody\n\nMay draft');
});

it('reads names with any prefix', () => {
  const content = `<o:document-content ${OPEN_DOCUMENT.replace('xmlns:office=', 'xmlns:o=').replace('xmlns:text=', 'xmlns:t=')}><o:body><o:text><t:h t:outline-level="2">Head</t:h></o:text></o:body></o:document-content>`;
  expect(words('', '', { 'content.xml': content })).toBe('## Head');
});

it('names the reason for a file that it cannot read', () => {
  const entry = `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>`;
  expect(() => words('', '', { 'META-INF/manifest.xml': entry })).toThrow(
    expect.objectContaining({ code: 'encrypted' }),
  );
  expect(() => words('', '', { 'content.xml': '<!DOCTYPE x [<!ENTITY a "b">]><x/>' })).toThrow(
    expect.objectContaining({ code: 'corrupt' }),
  );
});

it('reads parts that name a document type, as OpenOffice wrote them', () => {
  const parts = {
    'META-INF/manifest.xml':
      '<?xml version="1.0"?>\n<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN" "Manifest.dtd"><manifest:manifest/>',
    'Object 1/content.xml':
      '<!DOCTYPE math:math PUBLIC "-//OpenOffice.org//DTD Modified W3C MathML 1.01//EN" "math.dtd"><math:math xmlns:math="http://www.w3.org/1998/Math/MathML"><math:mi>x</math:mi></math:math>',
  };
  const body = '<text:p>Area <draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p>';
  expect(words(body, '', parts)).toBe('Area x');
});

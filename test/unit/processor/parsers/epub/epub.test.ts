import { expect, it } from 'vitest';

import { readEpub } from '../../../../../src/processor/parsers/epub/epub.ts';
import { epub, zip, type Parts } from '../../../../helpers/documents/office-files.ts';
import { readBlocks } from '../../../../helpers/documents/parsed.ts';

const CONTAINER =
  '<container><rootfiles><rootfile full-path="O E/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>';
const page = (body: string) => `<html><body>${body}</body></html>`;
/** Reads a book of a package and pages. */
const book = (items: string, spine: string, parts: Parts, container = CONTAINER) =>
  readBlocks(
    readEpub,
    zip({
      'META-INF/container.xml': container,
      'O E/book.opf': `<?xml version="1.0"?><!DOCTYPE package PUBLIC "x" "y"><opf:package xmlns:opf="http://www.idpf.org/2007/opf"><opf:manifest>${items}</opf:manifest><opf:spine>${spine}</opf:spine></opf:package>`,
      ...parts,
    }),
  ).text;
const item = (id: string, href: string, more = '') =>
  `<opf:item id="${id}" href="${href}" media-type="application/xhtml+xml" ${more}/>`;
const ref = (id: string, more = '') => `<opf:itemref idref="${id}" ${more}/>`;

it('reads pages in the order of the package, each once, without the list of contents', () => {
  const items =
    item('nav', 'nav.xhtml', 'properties="scripted nav"') +
    item('a', 'text/a%20b.xhtml') +
    item('b', '../b.xml?x#y') +
    item('lost', 'lost.xhtml') +
    '<opf:item id="css" href="x.xhtml" media-type="text/css"/>';
  const spine =
    ref('nav') + ref('b', 'linear="no"') + ref('a') + ref('b') + ref('lost') + ref('css') + ref('none');
  const parts = {
    'O E/nav.xhtml': page('<nav><h1>Contents</h1></nav><p>Preface</p>'),
    'O E/text/a b.xhtml': page('<p>Second</p>'),
    'b.xml': page('<p>First</p>'),
    'O E/x.xhtml': page('<p>no</p>'),
  };
  expect(book(items, spine, parts)).toBe('Preface\n\nFirst\n\nSecond');
});

it('reads the words of pages that are drawings', () => {
  const drawing =
    '<svg xmlns="http://www.w3.org/2000/svg"><style>text { fill: red }</style><text>Two <tspan>bears</tspan></text><text>walk</text></svg>';
  const items = item('a', 'a.svg').replace('application/xhtml+xml', 'image/svg+xml') + item('b', 'b.xhtml');
  const parts = { 'O E/a.svg': drawing, 'O E/b.xhtml': page('<p>home</p>') };
  expect(book(items, ref('a') + ref('b'), parts)).toBe('Two bears\nwalk\n\nhome');
});

it('unpacks no drawings but those that are pages', () => {
  const drawing = '<svg xmlns="http://www.w3.org/2000/svg"><text>Bears</text></svg>';
  const large = Buffer.alloc(50_000_000);
  const items = item('a', 'a.SVG').replace('application/xhtml+xml', 'image/svg+xml') + item('b', 'b.xhtml');
  const parts = { 'O E/b.xhtml': page('<p>home</p>'), 'x.svg': large, 'y.svg': large, 'z.svg': large };
  expect(book(items, ref('a') + ref('b'), { 'O E/A.svg': drawing, ...parts })).toBe('Bears\n\nhome');
  expect(book(items, ref('a') + ref('b'), { 'O E/b.xhtml': parts['O E/b.xhtml'] })).toBe('home');
});

it('reads all pages by their names if the package names none', () => {
  const parts = {
    'c10.html': page('<p>ten</p>'),
    'c9.xhtml': page('<p>nine</p>'),
    'toc.ncx': '<ncx>no</ncx>',
  };
  expect(book('', '', parts)).toBe('nine\n\nten');
  expect(book(item('a', 'gone.xhtml'), ref('a'), parts, '<broken')).toBe('nine\n\nten');
  const other = item('a', 'only.xhtml') + item('b', 'b.xhtml');
  expect(book(other, ref('a'), { 'O E/only.xhtml': page('<p>only</p>'), ...parts }, '<broken')).toBe('only');
});

it('reads pages in their encodings', () => {
  const latin1 = Buffer.from(
    '<?xml version="1.0" encoding="iso-8859-1"?><html><p>Größe</p></html>',
    'latin1',
  );
  const utf16 = Buffer.from('\ufeff<html><p>Länge</p></html>', 'utf16le');
  const items = item('a', 'a.html') + item('b', 'b.html');
  expect(book(items, ref('a') + ref('b'), { 'O E/a.html': latin1, 'O E/b.html': utf16 })).toBe(
    'Größe\n\nLänge',
  );
});

it('ends self-closing elements, as XHTML does', () => {
  const body =
    '<title/><script src="x"/><p hidden="hidden"/><p>One<a id="p"/><br/>two</p><div style="display: none"/><p>three</p>';
  expect(readBlocks(readEpub, epub([body])).text).toBe('One\ntwo\n\nthree');
});

it('leaves out the numbers that call notes, but keeps the notes', () => {
  const body =
    '<p>Alpha<a epub:type="noteref" href="#n">1</a> and beta<a role="doc-noteref" href="#m"><sup>2</sup></a>.</p><aside epub:type="footnote"><p>A note.</p></aside><p><a epub:type="noteref">open</p>';
  expect(readBlocks(readEpub, epub([body])).text).toBe('Alpha and beta.\n\nA note.\n\nopen');
});

it('keeps the words that call notes', () => {
  const call = (words: string) => `<a epub:type="noteref" href="#n">${words}</a>`;
  for (const mark of ['[12]', '*', '&#8224;', '(b)', 'xiv', '&#160;<sup>3</sup>', '<img alt="4"/>'])
    expect([mark, readBlocks(readEpub, epub([`<p>a${call(mark)}</p>`])).text]).toEqual([mark, 'a']);
  for (const words of ['deer', '日本', 'Été', 'ill', '12 deer'])
    expect(readBlocks(readEpub, epub([`<p>a ${call(words)}</p>`])).text).toBe(`a ${words}`);
  const signs = '*'.repeat(500_000);
  expect(readBlocks(readEpub, epub([`<p>${call(`${signs}é`)}</p>`])).text).toContain('é');
  const unclosed = '<p>a <a epub:type="noteref">1</p><p>b</a></p>';
  expect(readBlocks(readEpub, epub([unclosed])).text).toBe('a 1\n\nb');
});

it('leaves out and counts hidden parts of pages', () => {
  const { text, hiddenLeftOut } = readBlocks(
    readEpub,
    epub(['<p>One</p><p hidden="hidden">no</p>', '<nav>no</nav><p style="display: none">no</p><p>Two</p>']),
  );
  expect([text, hiddenLeftOut]).toEqual(['One\n\nTwo', 2]);
});

it('refuses a book without pages', () => {
  expect(() => book('', '', {})).toThrow(expect.objectContaining({ code: 'corrupt' }));
});

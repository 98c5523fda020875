import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { laughingDocx } from '../../helpers/documents/bombs.ts';
import {
  docx,
  epub,
  openDocument,
  pptx,
  textCell,
  wordParagraph,
  xlsx,
  zip,
} from '../../helpers/documents/office-files.ts';
import { parseOutcome } from '../../helpers/documents/parse-outcome.ts';
import { onePagePdf, pdfForm, pdfText } from '../../helpers/documents/pdf-objects.ts';
import { startTestProcessor } from '../../helpers/processors/processor.ts';
import { use } from '../../helpers/servers/use.ts';

/** What a real document takes is far below; what goes past it is killed, which is no response. */
const TIMEOUT_MS = 60_000;

/** Whoever is told to fetch something fetches it here. */
const requests: string[] = [];
const trap = use(async () => {
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
});
let trapUrl: string;
const processor = use(() => startTestProcessor({ timeoutMs: TIMEOUT_MS }));

beforeAll(() => {
  trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`;
});
afterAll(() => {
  // No child was lost to any of these.
  expect(processor.lines.filter((line) => line.startsWith('a child is replaced'))).toEqual([]);
  expect(requests).toEqual([]);
});

/** The text of a document, or the code by which it is refused. */
async function outcome(content: Uint8Array<ArrayBuffer> | string, filename = 'x'): Promise<string> {
  const response = await parseOutcome(processor.url, content, filename);
  if ('text' in response) return response.text;
  expect(response.detail).toMatch(/^Th.*\.$/);
  return response.code;
}

const PAGE = '<!doctype html><body>';
const DEPTH = 10_000;
const nested = (open: string, close: string, inside = 'x', depth = DEPTH) =>
  open.repeat(depth) + inside + close.repeat(depth);

describe('an archive', () => {
  it('that unpacks to far more than it is, is refused', async () => {
    expect(await outcome(zipOf('word/document.xml', Buffer.alloc(257 * 1024 * 1024)))).toBe('text_too_long');
    expect(await outcome(docx('<w:p/>'.repeat(4_500_000)))).toBe('text_too_long');
    const chapter = '<p>x</p>'.repeat(500_000);
    expect(await outcome(epub(Array.from({ length: 9 }, () => chapter)))).toBe('text_too_long');
  });

  it('of very many files is refused', async () => {
    const parts = Object.fromEntries(Array.from({ length: 20_001 }, (_, index) => [`word/${index}.xml`, '']));
    expect(await outcome(docx(wordParagraph('x'), { parts }))).toBe('text_too_long');
  });

  it('may name its files as it likes', async () => {
    const parts = Object.fromEntries(
      ['../../escape.xml', '/etc/passwd', 'C:\\x', 'a\u0001\n\u001b[31m', '__proto__', '\u202e.docx'].map(
        (name) => [name, 'x'],
      ),
    );
    expect(await outcome(docx(wordParagraph('words'), { parts }))).toBe('words');
    expect(await outcome(zip({ ...parts, mimetype: 'application/__proto__' }))).toBe('unsupported_type');
  });

  it('that is cut off or scrambled anywhere is refused or read, and nothing else', async () => {
    const whole = docx(wordParagraph('words'));
    for (let at = 10; at < whole.length; at += Math.ceil(whole.length / 12)) {
      expect(await outcome(whole.subarray(0, at), 'a.docx')).toMatch(/^corrupt$/);
      const scrambled = Buffer.from(whole);
      scrambled.writeUInt8(scrambled.readUInt8(at) ^ 0xff, at);
      expect(await outcome(scrambled, 'a.docx')).toMatch(/^(?:corrupt|words|no_text|unsupported_type)$/);
    }
  });
});

describe('XML', () => {
  it('has no entities but its own, inside or outside', async () => {
    const doctype = (entities: string) => ({ doctype: `<!DOCTYPE x [${entities}]>` });
    expect(await outcome(laughingDocx())).toBe('corrupt');
    const text = {
      mimetype: 'application/vnd.oasis.opendocument.text',
      'content.xml': '<!DOCTYPE x [<!ENTITY l "lol">]><office:document-content/>',
    };
    expect(await outcome(zip(text))).toBe('corrupt');
    for (const target of ['file:///etc/passwd', `${trapUrl}/entity`]) {
      const outside = docx(wordParagraph('a&x;'), doctype(`<!ENTITY x SYSTEM "${target}">`));
      expect(await outcome(outside)).toBe('corrupt');
    }
  });
});

describe('a small file of very many parts', () => {
  it.each<[string, () => string]>([
    ['HTML', () => PAGE + '<p>'.repeat(2_100_000)],
    ['RTF', () => `{\\rtf1 ${'{\\b x}\\par '.repeat(1_000_000)}}`],
    [
      'mail',
      () => `From: a@x.test\nMIME-Version: 1.0\nContent-Type: text/html\n\n${'<p>'.repeat(2_100_000)}`,
    ],
  ])('of %s is refused', async (_, content) => {
    expect(await outcome(content())).toBe('text_too_long');
  });
});

describe('deep nesting', () => {
  it.each<[string, () => Uint8Array<ArrayBuffer> | string]>([
    ['HTML elements', () => PAGE + nested('<div>', '</div>')],
    ['HTML lists', () => PAGE + nested('<ul><li>', '</li></ul>')],
    ['HTML tables', () => PAGE + nested('<table><tr><td>', '</td></tr></table>')],
    ['HTML that never closes', () => PAGE + '<b><i>'.repeat(DEPTH)],
    ['Word tables', () => docx(nested('<w:tbl><w:tr><w:tc>', '</w:tc></w:tr></w:tbl>', wordParagraph('x')))],
    [
      'OpenDocument lists',
      () =>
        openDocument(
          'text',
          nested('<text:list><text:list-item>', '</text:list-item></text:list>', '<text:p>x</text:p>'),
        ),
    ],
    ['a book', () => epub([nested('<div>', '</div>')])],
    ['RTF groups', () => `{\\rtf1 ${nested('{', '}')}}`],
  ])('of %s is refused or read', async (_, content) => {
    expect(await outcome(content())).toMatch(/^(?:corrupt|no_text|[-x\s\d.]*x)$/);
  });

  it('of JSON is text', async () => {
    expect(await outcome(nested('[', ']', '1', 100_000), 'a.json')).toContain('1');
    expect(await outcome(nested('{"a":', '}', '1'), 'a.json')).toContain('"a": 1');
  });

  it('of mail parts is refused or read', async () => {
    let mail = 'From: a@x.test\nMIME-Version: 1.0\n';
    for (let index = 0; index < 2000; index++) {
      mail += `Content-Type: multipart/mixed; boundary=b${index}\n\n--b${index}\n`;
    }
    expect(await outcome(`${mail}\n\nx`)).toMatch(/^(?:corrupt|From:[^]*)$/);
  });
});

describe('a spreadsheet', () => {
  it('may say that it is huge', async () => {
    const row = `<row r="1">${textCell('A1', 'a')}</row><row r="1048576">${textCell('XFD1048576', 'z')}</row>`;
    expect(await outcome(xlsx({ S: row }, 'A1:XFD1048576'))).toBe('# S\n\n| a |  |\n| --- | --- |\n|  | z |');
  });

  it('whose cells make a far larger table than they are is refused', async () => {
    const columns = Array.from({ length: 4000 }, (_, index) => columnName(index));
    const rows = columns.map(
      (name, index) => `<row r="${index + 1}">${textCell(`${name}${index + 1}`, 'x')}</row>`,
    );
    expect(await outcome(xlsx({ S: rows.join('') }))).toBe('text_too_long');
  });

  it('that repeats a cell a billion times is refused', async () => {
    const repeated =
      '<table:table table:name="A"><table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="16000"><text:p>x</text:p></table:table-cell></table:table-row></table:table>';
    expect(await outcome(openDocument('spreadsheet', repeated))).toBe('text_too_long');
  });
});

describe('a PDF form', () => {
  const field = (name: string) => `/FT /Tx /T (${name}) /V (value) /Rect [72 600 200 620]`;

  it('of very many fields is read without them', async () => {
    const fields = Array.from({ length: 100_000 }, (_, index) => field(`field ${index}`));
    expect(await outcome(pdfForm(pdfText('words'), fields))).toBe('words');
  });

  it('may have one field in very many places, or be a part of itself', async () => {
    const form = (kids: string, places: number) =>
      onePagePdf(pdfText('words'), {
        objects: [`<< /Subtype /Widget ${field('field')} ${kids} >>`],
        page: `/Annots [${'6 0 R '.repeat(places)}]`,
        catalogue: '/AcroForm << /Fields [6 0 R] >>',
      });
    expect(await outcome(form('', 30_000))).toMatch(/^words\n\n(?:- field: value\n?){30000}$/);
    expect(await outcome(form('/Kids [6 0 R] /Parent 6 0 R', 1))).toMatch(/^words(?:\n\n- .*)?$/);
  });
});

describe('a document that wants something', () => {
  it('gets nothing loaded and nothing run', async () => {
    const tags = `<img src="${trapUrl}/i" alt=""><script src="${trapUrl}/s"></script><link rel=stylesheet href="${trapUrl}/l"><iframe src="${trapUrl}/f"></iframe><object data="${trapUrl}/o"></object><script>fetch("${trapUrl}/x")</script>`;
    expect(await outcome(`${PAGE}<p onclick="x()">words</p>${tags}`)).toBe('words');
    expect(await outcome(epub([`<p>words</p>${tags.replaceAll('rel=', 'rel="x" y=')}`]))).toMatch(
      /^(?:words|corrupt)$/,
    );
    expect(
      await outcome(`From: a@x.test\nMIME-Version: 1.0\nContent-Type: text/html\n\n${tags}<p>words</p>`),
    ).toMatch(/words$/);
    const template = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="${trapUrl}/t" TargetMode="External"/></Relationships>`;
    const parts = { 'word/_rels/document.xml.rels': template };
    expect(await outcome(docx(wordParagraph('words'), { parts }))).toBe('words');
    expect(await outcome(pptx([{ text: 'words' }]))).toBe('words');
    expect(requests).toEqual([]);
  });
});

describe('text that is hard to read', () => {
  it.each<[string, () => string, string]>([
    ['a page of comments', () => `${'<!-- --> '.repeat(100_000)}x`, 'a.txt'],
    ['comments that never end', () => `${PAGE}${'<!--'.repeat(200_000)}`, 'a.html'],
    ['tags that never end', () => `${PAGE}x${'<a '.repeat(200_000)}`, 'a.html'],
    ['quotes that never end', () => 'a,"'.repeat(300_000), 'a.csv'],
    ['one row of very many fields', () => ','.repeat(2_000_000) + 'x', 'a.csv'],
    ['a string that never ends', () => `{"a":"${'\\"'.repeat(1_000_000)}`, 'a.json'],
    ['headers that never end', () => `Received: x\n${'From: a\n'.repeat(200_000)}`, 'a.eml'],
    ['a very long heading', () => `Subject: ${'long '.repeat(300_000)}\nReceived: x\n\nx`, 'a.eml'],
  ])('%s', async (_, content, filename) => {
    expect(await outcome(content(), filename)).not.toMatch(/^(?:deadline|parser_crashed|internal)$/);
  });
});

/** An archive with one part of these bytes, beside what makes it a Word document. */
function zipOf(name: string, bytes: Uint8Array): Buffer<ArrayBuffer> {
  return docx('', { parts: { [name]: bytes } });
}

function columnName(index: number): string {
  const letter = String.fromCodePoint(65 + (index % 26));
  return index < 26 ? letter : columnName(Math.floor(index / 26) - 1) + letter;
}

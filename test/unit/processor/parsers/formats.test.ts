import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ParseEvent } from '../../../../src/contract/processor.ts';
import { readRows } from '../../../../src/processor/parsers/text/delimited.ts';
import { parseDocument } from '../../../../src/processor/parsers/document.ts';
import { documentBytes } from '../../../documents/documents.ts';
import {
  docx,
  epub,
  numberCell,
  openDocument,
  pptx,
  textCell,
  wordHeading,
  wordItem,
  wordParagraph,
  wordTable,
  xlsx,
  zip,
} from '../../../helpers/documents/office-files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'processor-formats-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What is read from a file, by default from one without a telling name. */
async function parse(content: Uint8Array | string, filename = 'x', mediaType = '') {
  const path = join(folder, 'upload.pdf');
  await writeFile(path, content);
  const events: ParseEvent[] = [];
  for await (const event of parseDocument({ path, filename, mediaType }, 1_000_000)) events.push(event);
  const end = events.at(-1);
  const segments = events.filter((event) => event.type === 'segment');
  return {
    text: segments.map(({ text }) => text).join(''),
    metadata: end?.type === 'end' ? end.metadata : undefined,
    segments,
    progress: events.filter((event) => event.type === 'progress'),
  };
}

const document = async (name: string) => parse(await documentBytes(name));
const failure = (...args: Parameters<typeof parse>) =>
  parse(...args).then(
    () => 'it is read',
    (error: { code: string }) => error.code,
  );

const PAGE = '<!DOCTYPE html><html><head><title>t</title></head><body>';

describe('Word', () => {
  it('keeps headings, lists and tables, in order', async () => {
    const body =
      wordHeading(1, 'One') +
      wordParagraph('Some words.') +
      wordItem(0, 'first') +
      wordItem(1, 'inner') +
      wordHeading(2, 'Two') +
      wordTable([
        ['Name', 'A|B'],
        ['Ann', '1'],
      ]);
    const { text, segments, metadata } = await parse(docx(body));
    expect(text).toBe(
      '# One\n\nSome words.\n\n1. first\n    - inner\n\n## Two\n\n| Name | A\\|B |\n| --- | --- |\n| Ann | 1 |',
    );
    expect(segments.map(({ heading }) => heading)).toEqual(['One', 'One > Two']);
    expect(metadata?.['media_type']).toMatch(/wordprocessingml/);
  });

  it('takes no words of a paragraph for a heading or a fence', async () => {
    const { text, segments } = await parse(docx(wordParagraph('# no heading') + wordParagraph('```')));
    expect(text).toBe('\\# no heading\n\n\\```');
    expect(segments.map(({ heading }) => heading)).toEqual([undefined]);
  });

  it('is read from a long document with its chapters', async () => {
    const { text, segments } = await document('handbook.docx');
    expect(text.length).toBeGreaterThan(700_000);
    const paths = segments.map(({ heading }) => heading);
    expect(paths[0]).toBe('CHAPTER 1 – SALT');
    expect(paths.slice(1, 13).every((path) => path?.startsWith('CHAPTER 1 – SALT > '))).toBe(true);
    expect(paths[13]).toBe('CHAPTER 2 – WEATHER');
  });
});

describe('PowerPoint', () => {
  it('has a page for each slide, in the order of the show, each under its own title', async () => {
    const slides = [
      { title: 'Welcome', text: 'Hello all.', notes: 'Smile.' },
      { text: 'No title here.' },
      { title: 'End', text: 'Bye.' },
    ];
    const { text, segments, progress, metadata } = await parse(pptx(slides));
    expect(text).toBe('# Welcome\n\nHello all.\n\nSmile.\n\nNo title here.\n\n# End\n\nBye.');
    expect(segments.map(({ page, heading }) => [page, heading])).toEqual([
      [1, 'Welcome'],
      [2, undefined],
      [3, 'End'],
    ]);
    expect(progress).toEqual([{ type: 'progress', pages_done: 3, pages_total: 3 }]);
    expect(metadata).toMatchObject({ pages: 3 });
  });

  it('is read from a package that is not quite right', async () => {
    expect((await document('slides-malformed.pptx')).text).toContain('# Saving the sea wall');
    expect((await document('slides.pptx')).text).toContain(
      '- Three breaches since the spring flood of 1953\n    - The longest is eleven metres wide',
    );
  });
});

describe('a spreadsheet', () => {
  it('has a page for each sheet, with its rows as a table', async () => {
    const { text, segments } = await document('regatta.xlsx');
    expect(text).toContain(
      '# Regatta Winners\n\n| Regatta Winners |  |  |\n| --- | --- | --- |\n| Boat | Harbour | Cups |',
    );
    expect(segments.map(({ page, heading }) => [page, heading])).toEqual([
      [1, 'Regatta Winners'],
      [2, 'Regatta Winners Since 1967'],
    ]);
  });

  it('keeps cells in their columns, without empty ones, and counts empty sheets as pages', async () => {
    const rows =
      `<row r="1">${textCell('A1', 'k')}${textCell('XFD1', 'far')}</row>` +
      `<row r="1048576">${numberCell('XFD1048576', 12.5)}</row>`;
    const { text, segments, progress } = await parse(xlsx({ Empty: '', Used: rows }, 'A1:XFD1048576'));
    expect(text).toBe('# Used\n\n| k | far |\n| --- | --- |\n|  | 12.5 |');
    expect(segments.map(({ page }) => page)).toEqual([2]);
    expect(progress).toEqual([{ type: 'progress', pages_done: 2, pages_total: 2 }]);
    expect(await failure(xlsx({ Empty: '' }))).toBe('no_text');
  });
});

describe('OpenDocument', () => {
  it('is read as text, presentation and spreadsheet', async () => {
    const text = await parse(
      openDocument('text', '<text:h text:outline-level="2">Head</text:h><text:p>Größe</text:p>'),
    );
    expect(text.text).toBe('## Head\n\nGröße');
    expect(text.segments.map(({ heading }) => heading)).toEqual(['Head']);

    const slide = (words: string) =>
      `<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>${words}</text:p></draw:text-box></draw:frame></draw:page>`;
    const show = await parse(openDocument('presentation', slide('One') + slide('Two')));
    expect(show.segments.map(({ page, heading }) => [page, heading])).toEqual([
      [1, 'One'],
      [2, 'Two'],
    ]);

    const cell = (words: string) => `<table:table-cell><text:p>${words}</text:p></table:table-cell>`;
    const table = `<table:table table:name="S"><table:table-row>${cell('a')}${cell('b')}</table:table-row></table:table>`;
    expect((await parse(openDocument('spreadsheet', table))).text).toBe('# S\n\n| a | b |\n| --- | --- |');
    expect((await document('notes.odt')).text).toMatch(/^# Things to bring to the moor:\n\n/);
  });
});

describe('EPUB and RTF', () => {
  it('are read with their headings', async () => {
    const book = await parse(epub(['<h1>One</h1><p>First &amp; only.</p>', '<h1>Two</h1><p>Last.</p>']));
    expect(book.text).toBe('# One\n\nFirst & only.\n\n# Two\n\nLast.');
    expect(book.segments.map(({ heading }) => heading)).toEqual(['One', 'Two']);
    expect((await document('almanac.epub')).segments.map(({ heading }) => heading)).toContain(
      'The Orrin almanac > Feasts > The midwinter fair',
    );
    expect((await document('letter.rtf')).text).toMatch(
      /^## A Letter from Hallin\n\nThe ferry has come, and with it your parcel\./,
    );
  });

  it('are read in their encodings', async () => {
    const rtf = (text: string) => parse(Buffer.from(`{\\rtf1\\ansi${text}\\par}`, 'latin1'));
    expect((await rtf("\\ansicpg1252 Gr\\'f6\\'dfe \\u8364?")).text).toBe('Größe €');
    expect((await rtf('\\ansicpg1251 a\\emdash b\\endash\\~c\\tab\\_d\\\\emdash')).text).toBe(
      'a—b– c -d\\emdash',
    );
    expect((await rtf("\\ansicpg932 \\'93\\'fa\\'96\\'7b")).text).toBe('日本');
  });
});

describe('HTML', () => {
  it('is Markdown without scripts, styles and comments', async () => {
    const html = `${PAGE}<style>p{}</style><script>evil()</script><!-- no --><h1>A &amp; B</h1><p>one<br>two
      <b>bold</b>&nbsp;<a href="http://x.test/">link</a></p><ul><li>a<ul><li>b</li></ul></li></ul>
      <table><tr><th>h</th><th>i</th></tr><tr><td>1<p>x</p></td><td>2</td></tr></table>
      <pre># code\n  in</pre><p># none</p><img src="http://x.test/" alt="An image"></body></html>`;
    const { text, segments, metadata } = await parse(html);
    expect(text).toBe(
      '# A & B\n\none\ntwo bold link\n\n- a\n    - b\n\n| h | i |\n| --- | --- |\n| 1 x | 2 |\n\n' +
        '```\n# code\n  in\n```\n\n\\# none\n\nAn image',
    );
    expect(segments.map(({ heading }) => heading)).toEqual(['A & B']);
    expect(metadata).toEqual({ media_type: 'text/html', encoding: 'utf-8' });
  });

  it.each([
    ['windows-1252', Buffer.from(`${PAGE}<meta charset=iso-8859-1><p>Größe überall</p>`, 'latin1')],
    [
      'windows-1252',
      Buffer.from('<?xml version="1.0" encoding="iso-8859-1"?><html>Größe überall</html>', 'latin1'),
    ],
    ['utf-16le', Buffer.from(`\ufeff${PAGE}<p>Größe überall</p>`, 'utf16le')],
    ['utf-8', Buffer.from(`${PAGE}<meta charset="iso-8859-1"><p>Größe überall</p>`)],
    ['utf-8', Buffer.from(`${PAGE}<meta charset="utf-16"><p>Gr&ouml;&szlig;e &uuml;berall</p>`)],
  ])('is read as %s', async (encoding, bytes) => {
    const { text, metadata } = await parse(bytes);
    expect({ text, encoding: metadata?.['encoding'] }).toEqual({ text: 'Größe überall', encoding });
  });

  it('is read as Shift-JIS, declared or not, and as what only escapes tell', async () => {
    const sjis = Buffer.from('93fa967b8cea82cc83658358836782c582b781428abf8e9a', 'hex');
    for (const meta of ['<meta charset="shift_jis">', '']) {
      const bytes = Buffer.concat([Buffer.from(PAGE + meta), sjis]);
      expect((await parse(bytes)).text).toBe('日本語のテストです。漢字');
    }
    const escapes = `${PAGE}<meta charset="iso-2022-jp">\x1b$BF|K\\\x1b(B`;
    expect((await parse(escapes)).text).toBe('日本');
  });

  it('is read from a long report', async () => {
    const { text } = await document('annual-report.html');
    expect(text).toContain('| Place | Trade | Cargo | Tons | Since |\n| --- | --- | --- | --- | --- |');
    expect(text).not.toMatch(/<\/?(?:div|span|ix:)|not to be read/);
  });
});

describe('delimited values', () => {
  it.each([
    ['a,b\n1,"x, ""y""\nz"\n', '| a | b |\n| --- | --- |\n| 1 | x, "y" z |'],
    ['a;b\r\n1,5;2\r\n\r\n', '| a | b |\n| --- | --- |\n| 1,5 | 2 |'],
    ['a\tb\n1\t', '| a | b |\n| --- | --- |\n| 1 |  |'],
    ['sep=|\na|b', '| a | b |\n| --- | --- |'],
    ['a,b\n5" pipe,"open\n', '| a | b |\n| --- | --- |\n| 5" pipe | "open |'],
    ['one\ntwo', '| one |\n| --- |\n| two |'],
  ])('%j are a table', async (csv, table) => {
    expect((await parse(csv, 'a.csv')).text).toBe(table);
  });

  it('come back as they were written', () => {
    const field = fc.string({ unit: fc.constantFrom('a', ' ', '"', ',', '\n', ';') });
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 2 }), { minLength: 1 }), (rows) => {
        const text = `sep=,\n${rows.map((row) => row.map(quote).join(',')).join('\n')}`;
        expect([...readRows(text)]).toEqual(rows);
      }),
    );
  });
});

describe('mail', () => {
  const HEAD =
    'From: =?utf-8?q?J=C3=B6rg?= <j@x.test>\r\nTo: a@x.test, B <b@x.test>\r\nSubject: Hi\r\n  there\r\nDate: Mon, 2 Feb 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n';

  it('has its head, its words and the names of what is attached', async () => {
    const part = (head: string, body: string) => `--b\r\n${head}\r\n\r\n${body}\r\n`;
    const mail =
      `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n` +
      part('Content-Type: text/html', '<p>Not this.</p>') +
      part(
        'Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable',
        'Sch=F6n.\r\n# none',
      ) +
      part(
        'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="../a\tb.pdf"\r\nContent-Transfer-Encoding: base64',
        'JVBERi0=',
      ) +
      '--b--\r\n';
    const { text, segments } = await parse(mail);
    expect(text).toMatch(
      /^# Hi there\n\nFrom: Jörg <j@x\.test>\nTo: a@x\.test, B <b@x\.test>\nDate: 2026-02-02T09:00:00\.000Z\n\n/,
    );
    expect(text).toContain('Schön.\n\\# none');
    expect(text).toMatch(/\n\nAttachments:\n- \S*a b\.pdf$/);
    expect(segments.map(({ heading }) => heading)).toEqual(['Hi there']);
  });

  it('is read from its HTML where it has no text', async () => {
    const { text } = await parse(
      `${HEAD}Content-Type: text/html\r\n\r\n<h2>Offer</h2><p>Now.</p><script>x</script>`,
    );
    expect(text).toMatch(/\n\n## Offer\n\nNow\.$/);
  });

  it('is read in whatever encoding it was saved', async () => {
    for (const name of ['mail-base64.eml', 'mail-utf-16.eml']) {
      expect((await document(name)).text).toMatch(
        /^# News of the Tide\n\nFrom: Morag Sill <[^]*The tide is out, the mud is brown,\n/,
      );
    }
    const latin1 = Buffer.from(`${HEAD}\r\nGr\xf6\xdfe`, 'latin1');
    expect((await parse(latin1)).text).toContain('Größe');
  });
});

describe('JSON and source code', () => {
  it('shows each value on its line, to the letter', async () => {
    const json = '{"a":[1.0,12345678901234567890,{}],"b":"x,{\\"y\\u00e9","c":[]}';
    expect((await parse(json, 'a.json')).text).toBe(
      '{\n  "a": [\n    1.0,\n    12345678901234567890,\n    {}\n  ],\n  "b": "x,{\\"yé",\n  "c": []\n}',
    );
    expect((await parse('{"a":1}\n{"b":2}\n', 'a.json')).text).toBe('{"a":1}\n{"b":2}\n');
  });

  it('sets JSON in only in proportion, and keeps its values', async () => {
    const deep = `${'['.repeat(50_000)}1${']'.repeat(50_000)}`;
    const flat = `[${'['.repeat(20)}${'1,'.repeat(50_000)}1${']'.repeat(20)}]`;
    for (const json of [deep, flat]) {
      const { text } = await parse(json, 'a.json');
      expect(text.length).toBeLessThan(4 * json.length + 4096);
      expect(text.split('\n').length).toBeGreaterThan(50_000);
      expect(text.replaceAll(/\s/g, '')).toBe(json);
    }
  });

  it('is a notebook where it has cells', async () => {
    const code = { cell_type: 'code', source: 'print(1)', outputs: [{ text: ['1\n'] }, { data: {} }] };
    const cells = [
      { cell_type: 'markdown', source: ['# Title\n', 'words'] },
      code,
      { cell_type: 'raw', source: '' },
    ];
    const metadata = { language_info: { name: 'python' } };
    const { text, segments } = await parse(JSON.stringify({ nbformat: 4, metadata, cells }), 'a.ipynb');
    expect(text).toBe('# Title\nwords\n\n```python\nprint(1)\n```\n\n```\n1\n```');
    expect(segments.map(({ heading }) => heading)).toEqual(['Title']);
    expect(await failure('{"nbformat":4,"cells":[]}', 'a.ipynb')).toBe('no_text');
  });

  it('stays JSON that says the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (json) => {
        expect(JSON.parse((await parse(json, 'a.json')).text)).toEqual(JSON.parse(json));
      }),
      { numRuns: 50 },
    );
  });

  it('leaves code as it is', async () => {
    const code = '# a comment, no heading\ndef f():\n\treturn "<html>"\n';
    const { text, segments, metadata } = await parse(code, 'a.py');
    expect({ text, metadata }).toEqual({
      text: code,
      metadata: { media_type: 'text/plain', encoding: 'utf-8' },
    });
    expect(segments.map(({ heading }) => heading)).toEqual([undefined]);
  });
});

describe('the type', () => {
  const typeOf = async (...args: Parameters<typeof parse>) => (await parse(...args)).metadata?.['media_type'];

  it('is told by the content before the name and what was declared', async () => {
    expect(await typeOf(docx(wordParagraph('x')), 'a.txt', 'text/plain')).toMatch(/wordprocessingml/);
    expect(await typeOf('{\\rtf1 x}', 'a.doc')).toBe('application/rtf');
    expect(await typeOf(`<!-- a -->\n${PAGE}x`, 'a.xls')).toBe('text/html');
    expect(await typeOf('Received: x\nFrom: a\n\nx', 'a.txt')).toBe('message/rfc822');
    expect(await typeOf('From: a\nDate: b\n\nnotes', 'a.txt')).toBe('text/plain');
    expect(await typeOf('<div align="center">\n\n# Title', 'a.md')).toBe('text/markdown');
    expect(await typeOf('<div>x</div>')).toBe('text/html');
    expect(await typeOf('a,b', 'x', 'text/csv; charset=utf-8')).toBe('text/csv');
  });

  it('is told where a file is not what it is named, or cannot be read', async () => {
    const words = docx(wordParagraph('x'));
    expect(await failure(words.subarray(0, words.length / 2), 'a.docx')).toBe('corrupt');
    expect(await failure(zip({ '[Content_Types].xml': 'wordprocessingml.document.main+xml' }))).toBe(
      'corrupt',
    );
    expect(await failure('text', 'a.docx')).toBe('corrupt');
    expect(await failure(zip({ 'a.txt': 'text' }))).toBe('unsupported_type');
    expect(await failure(await documentBytes('password.xlsx'))).toBe('encrypted');
    const book = (algorithm: string) =>
      zip({
        mimetype: 'application/epub+zip',
        'META-INF/encryption.xml': `<EncryptionMethod Algorithm="${algorithm}"/>`,
      });
    expect(await failure(book('http://www.w3.org/2001/04/xmlenc#aes128-cbc'))).toBe('encrypted');
    expect(await failure(book('http://www.idpf.org/2008/embedding'))).toBe('corrupt');
    expect(await failure(Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'a.doc')).toBe('unsupported_type');
    for (const empty of [docx(''), pptx([{ text: ' ' }]), epub(['<p> </p>'])]) {
      expect(await failure(empty)).toBe('no_text');
    }
    expect(await failure(`${PAGE}<script>x</script>`)).toBe('no_text');
    expect(await failure('{\\rtf1 }')).toBe('no_text');
    expect(await failure(',,\n', 'a.csv')).toBe('no_text');
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readRows } from '../../../../src/processor/parsers/text/delimited.ts';
import { documentBytes } from '../../../documents/documents.ts';
import { docx, epub, pptx, wordParagraph, zip } from '../../../helpers/documents/office-files.ts';
import { document, failure, parse, useUploadFolder } from '../../../helpers/documents/parsed-upload.ts';

useUploadFolder();

const PAGE = '<!DOCTYPE html><html><head><title>t</title></head><body>';

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
    expect(new Set(segments.map(({ heading }) => heading))).toEqual(new Set(['A & B']));
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

  it('is read as Shift-JIS, declared or not, and as ISO-2022-JP by its escapes', async () => {
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
    ['a\tb\n1\t', '| a | b |\n| --- | --- |\n| 1 |'],
    ['Stock\n\na,b\nx,1', 'Stock\n\n| a | b |\n| --- | --- |\n| x | 1 |'],
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

  it('has its head, its words and the names of its attachments', async () => {
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
    expect(text).toMatch(/\n\nAttachments:\n- \S*a b\.pdf \(damaged\)$/);
    expect(segments.map(({ heading }) => heading)).toEqual(['Hi there']);
  });

  it('is read from its HTML where it has no text', async () => {
    const { text } = await parse(
      `${HEAD}Content-Type: text/html\r\n\r\n<h2>Offer</h2><p>Now.</p><script>x</script>`,
    );
    expect(text).toMatch(/\n\n## Offer\n\nNow\.$/);
  });

  it('is read in any encoding', async () => {
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

  it('indents JSON only in proportion, and keeps its values', async () => {
    const deep = `${'['.repeat(50_000)}1${']'.repeat(50_000)}`;
    const flat = `[${'['.repeat(20)}${'1,'.repeat(50_000)}1${']'.repeat(20)}]`;
    for (const json of [deep, flat]) {
      const { text } = await parse(json, 'a.json');
      expect(text.length).toBeLessThan(4 * json.length + 4096);
      expect(text.split('\n').length).toBeGreaterThan(50_000);
      expect(text.replaceAll(/\s/g, '')).toBe(json);
    }
  });

  it('is a notebook if it has cells', async () => {
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

  it('stays JSON with the same values', async () => {
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

  it('is told by the content before the name and the declaration', async () => {
    expect(await typeOf(docx(wordParagraph('x')), 'a.txt', 'text/plain')).toMatch(/wordprocessingml/);
    expect(await typeOf('{\\rtf1 x}', 'a.doc')).toBe('application/rtf');
    expect(await typeOf(`<!-- a -->\n${PAGE}x`, 'a.xls')).toBe('text/html');
    expect(await typeOf('Received: x\nFrom: a\n\nx', 'a.txt')).toBe('message/rfc822');
    expect(await typeOf('From: a\nDate: b\n\nnotes', 'a.txt')).toBe('text/plain');
    expect(await typeOf('<div align="center">\n\n# Title', 'a.md')).toBe('text/markdown');
    expect(await typeOf('<div>x</div>')).toBe('text/html');
    expect(await typeOf('a,b', 'x', 'text/csv; charset=utf-8')).toBe('text/csv');
  });

  it('is told for a file with a wrong name, and for one that no parser reads', async () => {
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
    expect(await failure(Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'a.doc')).toBe('corrupt');
    for (const empty of [docx(''), pptx([{ text: ' ' }]), epub(['<p> </p>'])]) {
      expect(await failure(empty)).toBe('no_text');
    }
    expect(await failure(`${PAGE}<script>x</script>`)).toBe('no_text');
    expect(await failure('{\\rtf1 }')).toBe('no_text');
    expect(await failure(',,\n', 'a.csv')).toBe('no_text');
  });
});

import { describe, expect, it } from 'vitest';

import { documentBytes } from '../../../../documents/documents.ts';
import { docx, pptx, wordParagraph, zip } from '../../../../helpers/documents/office-files.ts';
import { HEAD, inner, mailWith } from '../../../../helpers/documents/mails.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';
import { onePagePdf, pdfText } from '../../../../helpers/documents/pdf-objects.ts';
import { photo, scannedPdf, sheet } from '../../../../helpers/documents/scans.ts';

describe('the attachments of a mail', () => {
  it('are read below their names, with their headings and pages', async () => {
    const { text, segments } = await parsed(
      mailWith([
        { name: 'plan.docx', content: docx(wordParagraph('Word words.')) },
        { name: 'talk.pptx', content: pptx([{ text: 'First slide.' }, { text: 'Second slide.' }]) },
        { name: 'page.pdf', content: onePagePdf(pdfText('PDF words')) },
        { name: 'a.md', content: '# Title\n\nMore.' },
      ]),
    );
    expect(text).toBe(
      '# Outer\n\nFrom: a@x.test\n\nOuter words.\n\n## plan.docx\n\nWord words.\n\n' +
        '## talk.pptx\n\nFirst slide.\n\nSecond slide.\n\n## page.pdf\n\nPDF words\n\n## a.md\n\n# Title\n\nMore.',
    );
    expect(segments.map(({ heading, page }) => [heading, page])).toEqual([
      ['Outer', undefined],
      ['Outer > plan.docx', undefined],
      ['Outer > talk.pptx', 1],
      ['Outer > talk.pptx', 2],
      ['Outer > page.pdf', 1],
      ['Outer > a.md > Title', undefined],
    ]);
  });

  it('are read from their lines, too', async () => {
    const csv =
      '--b\r\nContent-Type: text/csv; name="t.csv"\r\nContent-Disposition: attachment; filename="t.csv"\r\n\r\nfruit,qty\r\npear,17\r\n';
    const { text } = await parsed(
      `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee below.\r\n${csv}--b--\r\n`,
    );
    expect(text).toMatch(
      /See below\.\n\n## t\.csv\n\n\| fruit \| qty \|\n\| --- \| --- \|\n\| pear \| 17 \|$/,
    );
  });

  it('are only named if they cannot be read, with the reason', async () => {
    const { text } = await parsed(
      mailWith([
        { name: 'a.zip', content: zip({ 'a.txt': 'x' }) },
        { name: 'locked.xlsx', content: await documentBytes('password.xlsx') },
        { name: 'cut.pdf', content: (await documentBytes('cut-off.pdf')).subarray(0, 600) },
        {
          name: 'key.p7s',
          type: 'application/pkcs7-signature',
          content: Buffer.from('30800609002a8648'.repeat(20), 'hex'),
        },
        { name: 'empty.txt', content: '' },
        { name: 'long.txt', content: 'long '.repeat(4_000_000) },
        { name: 'a.txt', content: 'Read.' },
      ]),
    );
    expect(text).toMatch(
      /\n\nAttachments:\n- a\.zip\n- locked\.xlsx \(encrypted\)\n- cut\.pdf \(damaged\)\n- key\.p7s\n(?:- empty\.txt\n)?- long\.txt \(too long to read\)\n\n## a\.txt\n\nRead\.$/,
    );
  });
});

describe('scans and images in a mail', () => {
  it('are only named without OCR, and their unread pages are counted', async () => {
    const image = sheet();
    const { text, segments, metadata } = await parsed(
      mailWith([
        { name: 'scan.pdf', content: await scannedPdf([{ image }, { image }]) },
        { name: 'scan.png', content: await image.png().toBuffer() },
        { name: 'photo.jpg', type: 'image/jpeg', content: await photo().jpeg().toBuffer() },
        { name: 'half.pdf', content: await scannedPdf([{ text: 'First page.' }, { image }]) },
        { name: 'stamped.pdf', content: await scannedPdf([{ text: 'Received.', image }]) },
        { name: 'cut.png', content: (await image.png().toBuffer()).subarray(0, 20) },
      ]),
    );
    expect(text).toBe(
      '# Outer\n\nFrom: a@x.test\n\nOuter words.\n\nAttachments:\n- scan.pdf (no text recognized)\n' +
        '- scan.png (no text recognized)\n- photo.jpg (no text recognized)\n- cut.png (damaged)\n\n' +
        '## half.pdf\n\nFirst page.\n\n## stamped.pdf\n\nReceived.',
    );
    expect(segments.some(({ ocr }) => ocr)).toBe(false);
    expect(metadata).toMatchObject({ pages_unread: 5 });
  });
});

describe('a mail in a mail', () => {
  it('is read, also as bytes of an unknown kind, with its attachments', async () => {
    const third = mailWith(
      [{ name: 'c.txt', content: 'Deep.' }],
      'Third words.',
      'From: c@x.test\r\nSubject: Third\r\n',
    );
    const second = mailWith(
      [{ name: 'third.eml', content: inner(third, 'd'), type: 'message/rfc822' }],
      'Second words.',
      'From: b@x.test\r\nSubject: Second\r\n',
    );
    const { text, segments } = await parsed(mailWith([{ name: 'second.eml', content: inner(second, 'c') }]));
    expect(text).toContain(
      '## Second\n\nFrom: b@x.test\n\nSecond words.\n\n### Third\n\nFrom: c@x.test\n\nThird words.',
    );
    expect(segments.map(({ heading }) => heading)).toEqual([
      'Outer',
      'Outer > Second',
      'Outer > Second > Third',
      'Outer > Second > Third > c.txt',
    ]);
  });

  it('is read below its subject where it stands among the parts', async () => {
    const within =
      '--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: b@x.test\r\nSubject: Inner\r\n\r\nInner words.\r\n';
    const { segments } = await parsed(
      `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nOuter words.\r\n${within}--b--\r\n`,
    );
    expect(segments.map(({ heading, text }) => [heading, text])).toEqual([
      ['Outer', '# Outer\n\nFrom: a@x.test\n\nOuter words.\n\n'],
      ['Outer > Inner', '## Inner\n\nFrom: b@x.test\n\nInner words.'],
    ]);
  });

  it('is read five levels deep, and then only named', async () => {
    let mail = `${HEAD}\r\nInnermost.`;
    for (let level = 0; level < 8; level++) {
      mail = inner(mailWith([{ name: `${level}.eml`, content: mail }], `Level ${level}.`), `b${level}x`);
    }
    const { text } = await parsed(mail);
    expect(text).toMatch(/Level 3\.\n\nAttachments:\n- 3\.eml$/);
    expect(text).not.toContain('Level 2.');
  });

  it('counts for the limit on attachments', async () => {
    const many = Array.from({ length: 103 }, (_, index) => ({
      name: `${index}.txt`,
      content: `File ${index}.`,
    }));
    const { text } = await parsed(mailWith(many));
    expect(text).toContain('Attachments:\n- 100.txt\n- 101.txt\n- 102.txt\n\n## 0.txt');
    expect(text).toContain('File 99.');
    expect(text).not.toContain('File 100.');
  });
});

describe('of two alternatives', () => {
  const alternatives = (plain: string, html: string) =>
    parsed(
      `${HEAD}Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n${plain}\r\n` +
        `--b\r\nContent-Type: text/html\r\n\r\n${html}\r\n--b--\r\n`,
    ).then(({ text }) => text.replace(/^# Outer\n\nFrom: a@x\.test\n\n/, ''));
  const TABLE = '<table><tr><th>seat</th><th>guest</th></tr><tr><td>4B</td><td>Ossian</td></tr></table>';
  const MARKDOWN = '| seat | guest |\n| --- | --- |\n| 4B | Ossian |';

  it('the HTML is read if the plain text lacks a table, or the words', async () => {
    expect(await alternatives('This message needs an HTML viewer.', TABLE)).toBe(MARKDOWN);
    const words = 'Dear guests, here are the seats for the dinner of tomorrow.';
    expect(
      await alternatives(`${words}\r\n\r\nseat\r\nguest\r\n4B\r\nOssian`, `<p>${words}</p>${TABLE}`),
    ).toBe(`${words}\n\n${MARKDOWN}`);
    expect(await alternatives('Read it at https://x.test/a/b/c', `<p>${words}</p>`)).toBe(words);
  });

  it('the plain text is read if it says as much', async () => {
    const words = 'Dear guests, here are the seats for the dinner of tomorrow.';
    expect(await alternatives(`${words}\r\nseat guest\r\n4B  Ossian`, `<p>${words}</p>${TABLE}`)).toContain(
      'seat guest\n4B  Ossian',
    );
    expect(await alternatives(`*${words}*`, `<b>${words}</b>`)).toBe(`*${words}*`);
    const long = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
    expect(await alternatives(long, `<p>Please look at the images.</p>${TABLE}`)).toBe(long);
    expect(await alternatives(words, '<p>'.repeat(800_000))).toBe(words);
  });
});

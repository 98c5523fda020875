import { expect, it } from 'vitest';

import { joinBodyLines } from '../../../../../src/processor/parsers/mail/mail-lines.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';

const HEAD = 'Message-ID: <1@x.test>\r\nFrom: a@x.test\r\nSubject: Outer\r\n';
const typed = (type: string, more = '') => `Content-Type: ${type}\r\n${more}\r\n`;

it('a mail is read with its lines and blank lines unchanged', async () => {
  const { text } = await parsed(`${HEAD}\r\nOne\r\ntwo.\r\n\r\nThree.\r\n\r\n-- \r\nAnn\r\n`);
  expect(text).toBe('# Outer\n\nFrom: a@x.test\n\nOne\ntwo.\n\nThree.\n\n-- \nAnn');
});

it('a sender without an address is named', async () => {
  const { text } = await parsed('Message-ID: <1@x.test>\r\nFrom: Ann <>\r\nSubject: S\r\n\r\nWords.\r\n');
  expect(text).toBe('# S\n\nFrom: Ann\n\nWords.');
});

it('a mail is read with the mails that are attached to it', async () => {
  const inner = `From: b@x.test\r\nSubject: Inner\r\n\r\nInner words\r\nin lines.\r\n`;
  const { text, segments } = await parsed(
    `${HEAD}${typed('multipart/mixed; boundary=b')}--b\r\n${typed('text/plain')}Outer words.\r\n--b\r\n` +
      `${typed('message/rfc822', 'Content-Disposition: attachment\r\n')}${inner}--b--\r\n`,
  );
  expect(text).toBe(
    '# Outer\n\nFrom: a@x.test\n\nOuter words.\n\n## Inner\n\nFrom: b@x.test\n\nInner words\nin lines.',
  );
  expect(segments.map(({ heading }) => heading)).toEqual(['Outer', 'Outer > Inner']);
});

it('a flowed mail is read with whole paragraphs, and with its quotations', async () => {
  const body =
    '> Shall we meet \r\n> on Monday?\r\n>> Or on \r\n>> Tuesday? \r\nYes, I can \r\ncome on \r\nMonday.\r\n\r\n From here.\r\nBye \r\n> end\r\n';
  const text =
    '> Shall we meet\n> on Monday?\n>> Or on\n>> Tuesday?\nYes, I can come on Monday.\n\nFrom here.\nBye\n> end';
  const flowed = typed('text/plain; charset=utf-8; format=flowed');
  expect((await parsed(HEAD + flowed + body)).text).toContain(text);
  const coded = typed('text/plain; format="flowed"', 'Content-Transfer-Encoding: quoted-printable\r\n');
  expect((await parsed(HEAD + coded + body.replaceAll(' \r\n', '=20\r\n'))).text).toContain(text);
  const spaceless = typed('text/plain; format=flowed; delsp=yes');
  expect((await parsed(`${HEAD}${spaceless}日本 \r\n語です。\r\n`)).text).toContain('日本語です。');
});

it('a mail lacks and counts the hidden parts of its HTML and its attachments, unless the caller wants hidden text', async () => {
  const html = '<p>Shown.</p><p hidden>Secret.</p>';
  const part = (type: string, body: string, more = '') => `--b\r\n${typed(type, more)}${body}\r\n`;
  const attached = part('text/html; name="a.html"', html, 'Content-Disposition: attachment\r\n');
  const inner = part('message/rfc822', `Subject: Inner\r\n${typed('text/html')}${html}`);
  const mail = `${HEAD}${typed('multipart/mixed; boundary=b')}${part('text/html', html)}${attached}${inner}--b--\r\n`;
  const { text, metadata } = await parsed(mail);
  expect([text.match(/Shown/g)?.length, text.includes('Secret')]).toEqual([3, false]);
  expect(metadata).toMatchObject({ hidden_left_out: 3 });
  const whole = await parsed(mail, 'x', '', { includeHidden: true });
  expect(whole.text.match(/Secret/g)).toHaveLength(3);
  expect(whole.metadata).not.toHaveProperty('hidden_left_out');
  const plain = `${HEAD}${typed('multipart/alternative; boundary=b')}${part('text/plain', 'Shown.')}${part('text/html', html)}--b--\r\n`;
  expect((await parsed(plain)).metadata).not.toHaveProperty('hidden_left_out');
});

it('joins very many lines before the library reads them, except those that it must see', () => {
  const body = 'a\r\n\r\nb\r\nc\r\n';
  const lines = (mail: string) => joinBodyLines(mail).split('\n').length;
  expect(lines(`${HEAD}\r\n${body.repeat(1000)}`)).toBe(HEAD.split('\n').length + 2);
  const parts = `${HEAD}${typed('multipart/mixed; boundary=b')}--b\r\n${typed('text/plain')}${body.repeat(1000)}\r\n--b--\r\n`;
  expect(lines(parts)).toBe(12);
  for (const whole of [
    typed('text/plain', 'Content-Transfer-Encoding: quoted-printable\r\n'),
    typed('text/plain; format=flowed'),
    typed('message/rfc822'),
  ]) {
    expect(joinBodyLines(HEAD + whole + body)).toBe(HEAD + whole + body);
  }
});

it('a mail takes time in proportion to its length', () => {
  for (const part of ['\n', '--\n', 'a\n\n', '--\n\n', 'a: b\n']) {
    const coded = 'Content-Transfer-Encoding: base64\n\n';
    const flowed = `Content-Type: text/plain; format=flowed\n\n${'=20'.repeat(200_000)}x\n>\n`;
    expect(joinBodyLines(flowed)).toBe(flowed);
    for (const mail of [part.repeat(200_000), coded + part.repeat(200_000)]) {
      expect(joinBodyLines(mail)).toHaveLength(mail.length);
    }
  }
});

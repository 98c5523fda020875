import { expect, it } from 'vitest';

import { outlookMessage, packedRtf, wrappedMail } from '../../../../documents/formats/legacy/legacy-files.ts';
import { mailWith } from '../../../../helpers/documents/mails.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';
import { failure, parse, useUploadFolder } from '../../../../helpers/documents/parsed-upload.ts';
import { readPackedRtf } from '../../../../../src/processor/parsers/mail/rich-text.ts';
import { Reading } from '../../../../../src/processor/parsers/blocks/reading.ts';

useUploadFolder();

const SUBJECT = 0x0037;
const BODY = 0x1000;
const RTF = 0x1009;
const SENT = 0x0039;
const TNEF = 'application/ms-tnef';

/** A table in HTML, as Outlook keeps it in RTF. */
const HTML_IN_RTF = packedRtf(
  String.raw`{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fnil\fcharset204 Arial;}}
{\*\htmltag19 <html>}{\*\htmltag64 <table><tr><td>}\htmlrtf {\htmlrtf0 Boat\htmlrtf\par}\htmlrtf0
{\*\htmltag72 </td><td>}Cups{\*\htmltag72 </td></tr>}\par{\*\htmltag64 <tr><td>}\htmlrtf\f1 noise\htmlrtf0 \'c0\'c1{\*\htmltag84 &amp;}\f0 B{\*\mhtmltag84 <img>}{\*\htmltag72 </td><td>}\u8364?5{\*\htmltag72 </td></tr>}
{\*\htmltag64 <tr><td>}Gull{\*\htmltag72 </td><td>}2{\*\htmltag72 </td></tr></table></html>}}`,
);
const TABLE = '| Boat | Cups |\n| --- | --- |\n| АБ&B | €5 |\n| Gull | 2 |';

it('the HTML that a message of Outlook keeps in RTF is read, with its tables', async () => {
  const message = outlookMessage({ subject: 'S', body: 'Boat\tCups\tGull\t2', rtf: HTML_IN_RTF });
  const { text } = await parse(message, 'a.msg');
  expect(text).toContain(`\n\n${TABLE}`);
  expect(text).not.toContain('noise');
});

it('an older message of Outlook is read in its encoding', async () => {
  const message = outlookMessage({ subject: 'Привет', body: 'Слова.', codePage: 1251 });
  expect((await parse(message, 'a.msg')).text).toMatch(/^# Привет\n[^]*\n\nСлова\.$/);
});

it('plain RTF gives the words of a message without others, and a damaged one leaves the plain text', async () => {
  const rtf = packedRtf(String.raw`{\rtf1\ansi Only \b these\b0  words.\par}`);
  expect((await parse(outlookMessage({ subject: 'S', rtf }), 'a.msg')).text).toMatch(
    /\n\nOnly these words\.$/,
  );
  const damaged = Buffer.from(rtf);
  damaged.write('????', 8);
  expect((await parse(outlookMessage({ subject: 'S', body: 'Plain.', rtf: damaged }), 'a.msg')).text).toMatch(
    /\n\nPlain\.$/,
  );
  const attachments = { 'a.csv': Buffer.from('x,y\n') };
  expect((await parse(outlookMessage({ subject: 'S', rtf: damaged, attachments }), 'a.msg')).text).toMatch(
    /\n\nAttachments:\n- message\.rtf \(damaged\)\n\n## a\.csv/,
  );
  expect((await parse(outlookMessage({ subject: 'S', rtf: Buffer.alloc(0) }), 'a.msg')).text).toMatch(/Z$/);
});

it('packed RTF refers back to itself and to the words that it starts with', () => {
  // The examples of [MS-OXRTFCP].
  for (const [packed, words] of [
    [
      '2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0',
      'hello world',
    ],
    ['1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0', 'WXYZWXYZWXYZWXYZWXYZ'],
  ] as const) {
    const blocks = [...readPackedRtf(Buffer.from(packed, 'hex'), new Reading(1000))];
    expect(blocks).toEqual([{ type: 'paragraph', text: words }]);
  }
});

it('a mail in Outlook’s own wrapping is read with its words, its attachments and the mails in it', async () => {
  const inner = wrappedMail({
    properties: new Map<number, string | Buffer>([
      [SUBJECT, 'Inner'],
      [BODY, 'Inner words.'],
    ]),
  });
  const file = wrappedMail({
    properties: new Map<number, string | Buffer>([
      [SUBJECT, 'Wrapped'],
      [RTF, HTML_IN_RTF],
    ]),
    attachments: [
      { name: 'a.csv', content: Buffer.from('fruit,qty\npear,17\n') },
      { name: 'inner', content: inner, isMail: true },
    ],
  });
  const rest = '## a.csv\n\n| fruit | qty |\n| --- | --- |\n| pear | 17 |\n\n## Inner\n\nInner words.';
  const alone = await parse(file, 'winmail.dat');
  expect(alone.text).toBe(`# Wrapped\n\n${TABLE}\n\n${rest}`);
  expect(alone.metadata?.['media_type']).toBe(TNEF);
  // The mail around it has the same words, without the table.
  const around = await parsed(
    mailWith([{ name: 'winmail.dat', type: TNEF, content: file }], 'Boat\tCups\tGull\t2'),
  );
  expect(around.text).toBe(`# Outer\n\nFrom: a@x.test\n\n${TABLE}\n\n${rest}`);
});

it('the words inside and around Outlook’s own wrapping are read once each', async () => {
  const file = wrappedMail({ properties: new Map([[BODY, 'Inner words.']]) });
  const words = async (outer: string) =>
    (await parsed(mailWith([{ name: 'winmail.dat', type: TNEF, content: file }], outer))).text.split(
      'test\n\n',
    )[1];
  expect(await words('Foot of the list.')).toBe('Inner words.\n\nFoot of the list.');
  expect(await words('Inner  words. And a foot.')).toBe('Inner  words. And a foot.');
  expect(await words('')).toBe('Inner words.');
});

it('a wrapping of too many attachments is refused', async () => {
  const attachments = Array.from({ length: 100_001 }, () => ({ name: '', content: Buffer.alloc(0) }));
  await expect(parsed(wrappedMail({ attachments }), 'winmail.dat')).rejects.toThrow('too many attachments');
});

it('HTML in RTF of too many parts is refused', async () => {
  const rtf = packedRtf(`{\\rtf1\\fromhtml1 ${'{}'.repeat(1_100_000)}}`);
  expect(await failure(outlookMessage({ subject: 'S', rtf }), 'a.msg')).toBe('text_too_long');
});

it('a wrapping that is damaged is named, and refused by itself', async () => {
  const file = wrappedMail({ properties: new Map([[BODY, 'Words.']]) });
  const cut = file.subarray(0, file.length - 8);
  expect(await failure(cut, 'winmail.dat')).toBe('corrupt');
  const { text } = await parsed(mailWith([{ name: 'winmail.dat', type: TNEF, content: cut }]));
  expect(text).toMatch(/Outer words\.\n\nAttachments:\n- winmail\.dat \(damaged\)$/);
  // Four thousand million values.
  const endless = wrappedMail({ properties: new Map([[SENT, Buffer.alloc(8)]]) });
  const [type, count] = [38, 42];
  endless.writeUInt16LE(0x1003, type);
  endless.writeUInt32LE(0xffff_ffff, count);
  expect(await failure(endless, 'winmail.dat')).toBe('corrupt');
});

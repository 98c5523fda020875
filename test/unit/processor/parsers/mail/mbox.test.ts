import { expect, it } from 'vitest';

import { HEAD, mailWith } from '../../../../helpers/documents/mails.ts';
import { parsed } from '../../../../helpers/documents/parsed.ts';
import { failure, useUploadFolder } from '../../../../helpers/documents/parsed-upload.ts';

useUploadFolder();

const above = (name: string) => `From ${name}@x.test Mon Jan  5 10:00:00 2026\n`;
const mail = (subject: string, words: string) => `From: a@x.test\nSubject: ${subject}\n\n${words}\n`;

it('a mailbox is read mail by mail', async () => {
  const box = [
    above('ann') + mail('First', 'One.\n\nFrom here on.\n>From Ann Mon 10:00'),
    above('bob') + mail('Second', 'Grüße.').replaceAll('\n', '\r\n'),
  ].join('\n');
  const { text, segments, metadata } = await parsed(box, 'x');
  expect(text).toBe(
    '# First\n\nFrom: a@x.test\n\nOne.\n\nFrom here on.\nFrom Ann Mon 10:00\n\n# Second\n\nFrom: a@x.test\n\nGrüße.',
  );
  expect(segments.map(({ heading }) => heading)).toEqual(['First', 'Second']);
  expect(metadata?.['media_type']).toBe('application/mbox');
});

it('a mailbox may hold many mails', async () => {
  const box = Array.from({ length: 300 }, (_, index) => above('a') + mail(`Mail ${index}`, 'Words.')).join(
    '\n',
  );
  const { segments } = await parsed(box, 'a.mbox');
  expect(segments).toHaveLength(300);
});

it('the mails of a mailbox do not count as attachments, but theirs do', async () => {
  const withNote = mailWith([{ name: 'a.txt', content: 'Note.' }], 'Words.', HEAD);
  const box = Array.from({ length: 150 }, () => above('a') + withNote).join('\n');
  const { text } = await parsed(box, 'a.mbox');
  expect(text.match(/Words\./g)).toHaveLength(150);
  expect(text.match(/Note\./g)).toHaveLength(100);
  expect(text.match(/^- a\.txt$/gm)).toHaveLength(50);
});

it('a sentence that begins like the line above a mail is text', async () => {
  const words =
    'From Berlin we leave at 10:30 sharp.\nTip: take the early train.\n\nFrom Rome Mon at 10:30.\nBy: x\n';
  expect(await parsed(words, 'notes.txt')).toMatchObject({ text: words });
  const { segments } = await parsed(above('a') + mail('One', `Hello.\n\n${words}`), 'a.mbox');
  expect(segments.map(({ text }) => text)).toEqual([expect.stringContaining('By: x')]);
});

it('a mailbox of too many mails is refused', async () => {
  expect(await failure(`${above('a')}A: b\n\n`.repeat(100_001), 'a.mbox')).toBe('text_too_long');
});

it('a mailbox without a mail is refused', async () => {
  expect(await failure('From here on, words.', 'a.mbox')).toBe('corrupt');
});

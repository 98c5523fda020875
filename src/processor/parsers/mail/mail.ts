import { readFile } from 'node:fs/promises';
import PostalMime, { type Address, type Attachment, type Email } from 'postal-mime';

import type { ParseEvent } from '../../../contract/services/processor.ts';
import { ProcessorError } from '../../errors.ts';
import { encodingOf } from '../detect/decode-text.ts';
import { htmlToMarkdown } from '../html/html.ts';
import { joinBodyLines } from './mail-lines.ts';
import { escapeBlocks, heading, oneLine } from '../markdown-writer.ts';
import { normalize } from '../normalize.ts';
import { segments } from '../segments.ts';

/** Deepest nesting of attached mails. Deeper ones are only named. */
const MAX_LEVEL = 5;

/**
 * Reads a mail: subject as heading, sender, recipients, date, text and the names of attachments. It also reads attached
 * mails. It prefers the plain text to the HTML.
 * @throws {ProcessorError} `corrupt`, or `text_too_long`
 */
export async function* parseMail(path: string, maxTextChars: number): AsyncGenerator<ParseEvent> {
  yield* segments(normalize(await mailText(await readFile(path), maxTextChars, 1)));
  yield { type: 'end', metadata: {} };
}

/** @param level heading level of the subject */
async function mailText(bytes: Buffer, maxTextChars: number, level: number): Promise<string> {
  const mail = await readMail(bytes);
  const words = await wordsOf(mail, maxTextChars);
  const subject = heading(level, mail.subject ?? '');
  const isRead = ({ mimeType }: Attachment) => mimeType === 'message/rfc822' && level < MAX_LEVEL;
  const names = mail.attachments
    .filter((attachment) => !isRead(attachment))
    .map(({ filename, mimeType }) => `- ${oneLine(filename ?? mimeType)}`);
  const attachments = names.length > 0 ? `Attachments:\n${names.join('\n')}` : '';
  const within: string[] = [];
  for (const { content } of mail.attachments.filter(isRead)) {
    const inner = typeof content === 'string' ? Buffer.from(content) : Buffer.from(new Uint8Array(content));
    within.push(await mailText(inner, maxTextChars, level + 1));
  }
  if (subject + words + attachments + within.join('') === '') return '';
  return [subject, head(mail), words, attachments, ...within].filter((part) => part !== '').join('\n\n');
}

async function readMail(bytes: Buffer): Promise<Email> {
  const encoding = encodingOf(bytes);
  const decoded = () => parse(joinBodyLines(new TextDecoder(encoding).decode(bytes)));
  // A mail is ASCII bytes, whatever its parts are encoded in. One saved as UTF-16 must be converted back.
  if (encoding.startsWith('utf-16')) return decoded();
  const mail = await parse(Buffer.from(joinBodyLines(bytes.toString('latin1')), 'latin1'));
  // Some mails do not name their encoding.
  return isDamaged(mail) && encoding !== 'utf-8' ? decoded() : mail;
}

async function parse(mail: Buffer | string): Promise<Email> {
  try {
    return await PostalMime.parse(mail);
  } catch (error) {
    throw new ProcessorError('corrupt', { cause: error });
  }
}

function isDamaged({ subject = '', text = '', html = '' }: Email): boolean {
  return [subject, text, html].some((part) => part.includes('\ufffd'));
}

async function wordsOf({ text = '', html = '' }: Email, maxTextChars: number): Promise<string> {
  if (text.trim() !== '') return escapeBlocks(normalize(text)).trim();
  return html === '' ? '' : htmlToMarkdown(html, maxTextChars);
}

function head({ from, to = [], cc = [], date }: Email): string {
  const fields = {
    From: people(from ? [from] : []),
    To: people(to),
    Cc: people(cc),
    Date: oneLine(date ?? ''),
  };
  return Object.entries(fields)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

function people(addresses: readonly Address[]): string {
  return addresses
    .map(({ name, address, group }) => {
      if (group) return `${oneLine(name)}: ${people(group)}`;
      return oneLine(name === '' ? address : `${name} <${address}>`);
    })
    .join(', ');
}

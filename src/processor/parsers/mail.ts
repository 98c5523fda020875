import { readFile } from 'node:fs/promises';
import PostalMime, { type Address, type Email } from 'postal-mime';

import type { ParseEvent } from '../../contract/processor.ts';
import { ProcessorError } from '../errors.ts';
import { encodingOf } from './decode-text.ts';
import { htmlToMarkdown } from './html.ts';
import { escapeBlocks, heading, oneLine } from './markdown-writer.ts';
import { normalise } from './normalise.ts';
import { segments } from './segments.ts';

/**
 * Reads a mail: its subject as the heading, who wrote it to whom and when, its words, and the names of what is
 * attached. The plain text is preferred to the HTML.
 * @throws {ProcessorError} `corrupt`, `no_text`, or `text_too_long`
 */
export async function* parseMail(path: string, maxTextChars: number): AsyncGenerator<ParseEvent> {
  const mail = await readMail(await readFile(path));
  const words = await wordsOf(mail, maxTextChars);
  const subject = heading(1, mail.subject ?? '');
  const names = mail.attachments.map(({ filename, mimeType }) => `- ${oneLine(filename ?? mimeType)}`);
  const attachments = names.length > 0 ? `Attachments:\n${names.join('\n')}` : '';
  if (subject + words + attachments === '') throw new ProcessorError('no_text');
  const parts = [subject, head(mail), words, attachments].filter((part) => part !== '');
  yield* segments(normalise(parts.join('\n\n')));
  yield { type: 'end', metadata: { media_type: 'message/rfc822' } };
}

async function readMail(bytes: Buffer): Promise<Email> {
  const encoding = encodingOf(bytes);
  const decoded = () => parse(new TextDecoder(encoding).decode(bytes));
  // A mail is bytes in ASCII, whatever its parts are encoded in: saved as UTF-16, it has to be turned back.
  if (encoding.startsWith('utf-16')) return decoded();
  const mail = await parse(bytes);
  // Some mails are in an encoding that they do not name.
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
  if (text.trim() !== '') return escapeBlocks(normalise(text)).trim();
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

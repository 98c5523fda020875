import PostalMime, { type Attachment, type Email } from 'postal-mime';

import { ProcessorError } from '../../errors.ts';
import { encodingOf } from '../detect/decode-text.ts';
import { oneLine } from '../markdown-writer.ts';
import type { MailContent } from './mail-content.ts';
import { joinBodyLines } from './mail-lines.ts';
import { readTnef } from './read-tnef.ts';

/** Media types and usual name of a mail in Outlook's own wrapping. The wrapping hides the attachments of the mail around it. */
const WRAPPED = /^application\/(?:vnd\.)?ms-tnef$|^winmail\.dat$/i;

/**
 * Reads a mail in any encoding. It takes the attachments and the words out of Outlook's own wrapping.
 * @throws {ProcessorError} `corrupt`
 */
export async function readMail(bytes: Buffer): Promise<MailContent> {
  return unwrapped(await readMime(bytes));
}

async function readMime(bytes: Buffer): Promise<Email> {
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
    return await PostalMime.parse(mail, { forceRfc822Attachments: true });
  } catch (error) {
    throw new ProcessorError('corrupt', { cause: error });
  }
}

function isDamaged({ subject = '', text = '', html = '' }: Email): boolean {
  return [subject, text, html].some((part) => part.includes('\ufffd'));
}

function unwrapped(mail: Email): MailContent {
  const content: MailContent = { ...mail, attachments: [] };
  for (const attachment of mail.attachments) {
    const inner = wrappedIn(attachment);
    if (!inner) {
      content.attachments.push(attachment);
      continue;
    }
    for (const own of inner.attachments) content.attachments.push(own);
    content.text = joined(content.text, inner.text);
    if (!content.html?.trim()) content.html = inner.html;
    content.packedRtf ??= inner.packedRtf;
  }
  return content;
}

/** Joins the words inside the wrapping with those around it, such as the foot of a mailing list. */
function joined(outer = '', inner = ''): string {
  if (oneLine(outer).includes(oneLine(inner))) return outer;
  return oneLine(inner).includes(oneLine(outer)) ? inner : `${inner}\n\n${outer}`;
}

/** Returns the mail in an attachment of Outlook's own wrapping, or undefined. A damaged one stays an attachment. */
function wrappedIn({ mimeType, filename, content }: Attachment): MailContent | undefined {
  if (!WRAPPED.test(mimeType) && !WRAPPED.test(filename ?? '')) return undefined;
  try {
    return readTnef(Buffer.from(content as ArrayBuffer));
  } catch (error) {
    if (error instanceof ProcessorError) return undefined;
    throw error;
  }
}

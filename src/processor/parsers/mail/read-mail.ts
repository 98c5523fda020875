import PostalMime, { type Email } from 'postal-mime';

import { ProcessorError } from '../../errors.ts';
import { encodingOf } from '../detect/decode-text.ts';
import { joinBodyLines } from './mail-lines.ts';

/**
 * Reads a mail in any encoding.
 * @throws {ProcessorError} `corrupt`
 */
export async function readMail(bytes: Buffer): Promise<Email> {
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

import { ProcessorError } from '../../errors.ts';
import { MAIL_SEPARATOR } from '../detect/text-type.ts';
import { MAX_PARTS, type MailContent } from './mail-content.ts';

const FROM = Buffer.from('From ');
/** Most bytes of the line above a mail. A sender's address has at most 320. */
const SEPARATOR_BYTES = 500;
const LINE_FEED = 0x0a;
/** Matches the sign that programs write before a line of a mail's text that looks like one above a mail. */
const QUOTED = /^>(?=>*From )/gm;
const TOO_MANY = 'The mailbox has too many mails to read. Upload it in smaller parts.';

/**
 * Reads a mailbox as a mail to which its mails are attached.
 * @throws {ProcessorError} `text_too_long`
 */
export function readMbox(bytes: Buffer): MailContent {
  const starts = separators(bytes);
  const attachments = starts.map(({ end }, index) => {
    const mail = bytes.toString('latin1', end, starts[index + 1]?.start).replace(QUOTED, '');
    const content = Buffer.from(mail, 'latin1');
    return { filename: null, mimeType: 'message/rfc822', disposition: 'attachment' as const, content };
  });
  return { attachments };
}

/** Returns the places of the lines above mails, in bytes. A blank line precedes each but the first. */
function separators(bytes: Buffer): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (let at = bytes.indexOf(FROM); at !== -1; at = bytes.indexOf(FROM, at + FROM.length)) {
    const before = bytes[at - 2] === LINE_FEED || bytes.toString('latin1', at - 3, at) === '\n\r\n';
    if (at !== 0 && !(before && bytes[at - 1] === LINE_FEED)) continue;
    const line = MAIL_SEPARATOR.exec(bytes.toString('latin1', at, at + SEPARATOR_BYTES))?.[0];
    if (line !== undefined) found.push({ start: at, end: at + line.length });
    if (found.length > MAX_PARTS) throw new ProcessorError('text_too_long', { detail: TOO_MANY });
  }
  return found;
}

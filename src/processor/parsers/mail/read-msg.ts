import { createRequire } from 'node:module';
import type { Address, Attachment, Email } from 'postal-mime';
import type * as Library from '@kenjiuno/msgreader';

import { ProcessorError } from '../../errors.ts';
import { decoded } from '../detect/decode-text.ts';
import { checkCompoundFile } from '../legacy/compound-file.ts';

/**
 * Reads a message of Outlook as a mail. The library loads with the first.
 * @throws {ProcessorError} `corrupt`
 */
export function readMsg(bytes: Buffer): Email {
  try {
    checkCompoundFile(bytes);
    const reader = new (loadLibrary().default)(
      new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
    const message = reader.getFileData();
    if (message.error !== undefined) throw new Error(message.error);
    const { subject, body, attachments = [], recipients = [] } = message;
    const ofKind = (kind: string) => recipients.filter(({ recipType }) => recipType === kind).map(addressOf);
    return {
      headers: [],
      headerLines: [],
      subject: textOf(subject),
      text: textOf(body),
      html: htmlOf(message),
      from: senderOf(message),
      to: ofKind('to'),
      cc: ofKind('cc'),
      date: dateOf(message),
      attachments: attachments.map((attachment): Attachment => {
        const { fileName, content } = reader.getAttachment(attachment);
        const mimeType = textOf(attachment.attachMimeTag).toLowerCase() || 'application/octet-stream';
        return { filename: textOf(fileName), mimeType, disposition: 'attachment', content };
      }),
    };
  } catch (error) {
    throw new ProcessorError('corrupt', { cause: error });
  }
}

/** `import` finds the class of this older kind of module in different places, by the loader. */
function loadLibrary(): typeof Library.default {
  return createRequire(import.meta.url)('@kenjiuno/msgreader') as typeof Library.default;
}

/** Returns a text field; '' if a damaged message gives it another type. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function htmlOf({ html, bodyHtml }: Library.FieldsData): string {
  return html ? decoded(Buffer.from(html)) : textOf(bodyHtml);
}

function senderOf({ senderName, senderSmtpAddress, senderEmail }: Library.FieldsData): Address | undefined {
  if (senderName === undefined && senderEmail === undefined) return undefined;
  return addressOf({ name: senderName, smtpAddress: senderSmtpAddress, email: senderEmail });
}

/** A person as the library names one. */
interface Person {
  name?: unknown;
  smtpAddress?: unknown;
  email?: unknown;
}

/** Leaves out an address within an organization: a path of its directory tells a reader nothing. */
function addressOf(person: Person): Address {
  const [name, smtpAddress, email] = [person.name, person.smtpAddress, person.email].map(textOf);
  const address = smtpAddress || (email?.includes('@') ? email : '');
  return name && address ? { name, address } : { name: '', address: address || name || '' };
}

function dateOf({ messageDeliveryTime, clientSubmitTime }: Library.FieldsData): string | undefined {
  const time = new Date(clientSubmitTime ?? messageDeliveryTime ?? '');
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

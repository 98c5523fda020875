import { createRequire } from 'node:module';
import type { Address, Attachment } from 'postal-mime';
import type * as Library from '@kenjiuno/msgreader';

import { ProcessorError } from '../../errors.ts';
import { decoded } from '../detect/decode-text.ts';
import { checkCompoundFile } from '../legacy/compound-file.ts';
import { WESTERN } from '../rtf/code-pages.ts';
import type { MailContent } from './mail-content.ts';

/**
 * Code pages of Windows for older messages, which are not in Unicode, by the code page that a message names. It may name
 * the encoding of the sent mail instead, such as KOI8-R.
 */
const CODE_PAGES: ReadonlyMap<number | undefined, number> = new Map([
  ...[874, 932, 936, 949, 950, 1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258, 65001].map(
    (page) => [page, page] as const,
  ),
  ...[20932, 50220, 50221, 50222, 51932].map((page) => [page, 932] as const),
  ...[20866, 21866, 28595].map((page) => [page, 1251] as const),
  [28592, 1250],
  [28597, 1253],
  [28599, 1254],
  [28598, 1255],
  [28596, 1256],
  [51936, 936],
  [54936, 936],
  [51949, 949],
]);

/**
 * Reads a message of Outlook as a mail. The library loads with the first.
 * @throws {ProcessorError} `corrupt`
 */
export function readMsg(bytes: Buffer): MailContent {
  try {
    checkCompoundFile(bytes);
    const western = openMessage(bytes, WESTERN);
    const { messageCodepage, internetCodepage } = western.getFileData();
    const codePage = CODE_PAGES.get(messageCodepage ?? internetCodepage);
    const reader = codePage === undefined ? western : openMessage(bytes, codePage);
    const message = reader.getFileData();
    if (message.error !== undefined) throw new Error(message.error);
    const { subject, body, attachments = [], recipients = [] } = message;
    const ofKind = (kind: string) => recipients.filter(({ recipType }) => recipType === kind).map(addressOf);
    return {
      subject: textOf(subject),
      text: textOf(body),
      html: htmlOf(message),
      packedRtf: message.compressedRtf && Buffer.from(message.compressedRtf),
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

/**
 * Opens a message.
 * @param codePage of the text that is not in Unicode
 */
function openMessage(bytes: Buffer, codePage: number): Library.default {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = new (loadLibrary().default)(view);
  reader.parserConfig = { ansiEncoding: `cp${codePage}` };
  return reader;
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
  return { name: name ?? '', address };
}

function dateOf({ messageDeliveryTime, clientSubmitTime }: Library.FieldsData): string | undefined {
  const time = new Date(clientSubmitTime ?? messageDeliveryTime ?? '');
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

import type { Address } from 'postal-mime';

import { ProcessorError } from '../../errors.ts';
import { decoded } from '../detect/decode-text.ts';
import { decode, WESTERN } from '../rtf/code-pages.ts';
import { MAX_PARTS, type MailContent } from './mail-content.ts';
import { attributes, LEVELS, properties, TEXT, WIDE_TEXT, type Property } from './tnef-attributes.ts';

/** Ids of attributes. Source: [MS-OXTNEF]. */
const OF_MESSAGE = { subject: 0x8004, body: 0x800c, codePage: 0x9007, properties: 0x9003 };
const OF_ATTACHMENT = { start: 0x9002, title: 0x8010, data: 0x800f, properties: 0x9005 };
/** Ids of properties. Source: [MS-OXPROPS]. */
const PROPERTY = {
  subject: 0x0037,
  sent: 0x0039,
  sender: 0x0c1a,
  senderAddress: 0x5d01,
  to: 0x0e04,
  cc: 0x0e03,
  body: 0x1000,
  rtf: 0x1009,
  html: 0x1013,
  data: 0x3701,
  fileName: 0x3707,
  mediaType: 0x370e,
};
/** Time in ms from 1601, where Outlook begins to count, to 1970. */
const FROM_1601_MS = 11_644_473_600_000n;
/** Units of Outlook's times in a ms. Each is 100 ns. */
const TICKS_OF_MS = 10_000n;

const TOO_MANY = 'The mail has too many attachments to read. Upload them one by one.';

/** Properties of a message or an attachment. */
class Properties {
  #byId: ReadonlyMap<number, Property> = new Map();
  /** Attributes that older programs write, by the ids of the properties that replace them. */
  readonly #older = new Map<number, Property>();

  readAll(data: Buffer): void {
    this.#byId = properties(data);
  }

  addOlder(name: keyof typeof PROPERTY, data: Buffer): void {
    this.#older.set(PROPERTY[name], { type: TEXT, bytes: data });
  }

  get(name: keyof typeof PROPERTY): Property | undefined {
    return this.#byId.get(PROPERTY[name]) ?? this.#older.get(PROPERTY[name]);
  }

  text(name: keyof typeof PROPERTY, codePage: number): string {
    const { type, bytes } = this.get(name) ?? { type: TEXT, bytes: Buffer.alloc(0) };
    const text = type === WIDE_TEXT ? bytes.toString('utf16le') : decode(bytes, codePage, true);
    return text.replace(/\0+$/, '');
  }
}

/**
 * Reads a mail in Outlook's own wrapping, such as `winmail.dat`. Source: [MS-OXTNEF].
 * @throws {ProcessorError} `corrupt` or `text_too_long`
 */
export function readTnef(bytes: Buffer): MailContent {
  try {
    return readMessage(bytes);
  } catch (error) {
    throw error instanceof ProcessorError ? error : new ProcessorError('corrupt', { cause: error });
  }
}

function readMessage(bytes: Buffer): MailContent {
  let codePage = WESTERN;
  const message = new Properties();
  const attachments: Properties[] = [];
  for (const { level, id, data } of attributes(bytes)) {
    if (level === LEVELS.message) {
      if (id === OF_MESSAGE.codePage) codePage = data.readUInt32LE(0);
      else if (id === OF_MESSAGE.subject) message.addOlder('subject', data);
      else if (id === OF_MESSAGE.body) message.addOlder('body', data);
      else if (id === OF_MESSAGE.properties) message.readAll(data);
    } else {
      if (id === OF_ATTACHMENT.start) attachments.push(new Properties());
      if (attachments.length > MAX_PARTS) throw new ProcessorError('text_too_long', { detail: TOO_MANY });
      const attachment = attachments.at(-1);
      if (id === OF_ATTACHMENT.title) attachment?.addOlder('fileName', data);
      else if (id === OF_ATTACHMENT.data) attachment?.addOlder('data', data);
      else if (id === OF_ATTACHMENT.properties) attachment?.readAll(data);
    }
  }
  const text = (name: keyof typeof PROPERTY) => message.text(name, codePage);
  return {
    subject: text('subject'),
    from: { name: text('sender'), address: text('senderAddress') },
    to: people(text('to')),
    cc: people(text('cc')),
    date: dateOf(message.get('sent')),
    text: text('body'),
    html: htmlOf(message, codePage),
    packedRtf: message.get('rtf')?.bytes,
    attachments: attachments.map((attachment) => ({
      filename: attachment.text('fileName', codePage) || null,
      mimeType: attachment.text('mediaType', codePage).toLowerCase() || 'application/octet-stream',
      disposition: 'attachment',
      content: attachment.get('data')?.bytes ?? '',
    })),
  };
}

function htmlOf(message: Properties, codePage: number): string {
  const html = message.get('html');
  const isText = html?.type === TEXT || html?.type === WIDE_TEXT;
  return html && !isText ? decoded(html.bytes) : message.text('html', codePage);
}

/** Returns the people of a list of names. */
function people(names: string): Address[] {
  return names
    .split(';')
    .map((name) => ({ name: name.trim(), address: '' }))
    .filter(({ name }) => name !== '');
}

function dateOf(sent: Property | undefined): string | undefined {
  if (!sent) return undefined;
  const time = new Date(Number(sent.bytes.readBigUInt64LE(0) / TICKS_OF_MS - FROM_1601_MS));
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

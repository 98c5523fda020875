import * as xlsx from '@e965/xlsx';
import CFB from 'cfb';

const utf16 = (text: string) => Buffer.from(text, 'utf16le');

/** Makes an OLE compound file of streams, by their paths. */
export function compoundFile(streams: Readonly<Record<string, Buffer>>): Buffer<ArrayBuffer> {
  const file = CFB.utils.cfb_new();
  for (const [path, content] of Object.entries(streams)) CFB.utils.cfb_add(file, `/${path}`, content);
  return Buffer.from(CFB.write(file, { type: 'buffer' }) as Uint8Array);
}

/**
 * Makes a workbook of Excel up to 2003 from rows by sheet.
 * @param formats by the names of their cells, such as `Fleet!C2`
 * @param change edits the workbook before it is written
 */
export function excelBinary(
  sheets: Readonly<Record<string, unknown[][]>>,
  formats: Readonly<Record<string, string>> = {},
  change: (book: xlsx.WorkBook) => void = () => {},
): Buffer<ArrayBuffer> {
  const book = xlsx.utils.book_new();
  for (const [name, rows] of Object.entries(sheets)) {
    const sheet = xlsx.utils.aoa_to_sheet(rows, { UTC: true, cellDates: true });
    for (const [cell, format] of Object.entries(formats)) {
      const [of = '', place = ''] = cell.split('!');
      if (of === name) (sheet[place] as xlsx.CellObject).z = format;
    }
    xlsx.utils.book_append_sheet(book, sheet, name);
  }
  change(book);
  // Otherwise the library also writes the formats of earlier workbooks.
  Object.assign(book, { SSF: { 0: 'General' } });
  return Buffer.from(xlsx.write(book, { type: 'buffer', bookType: 'biff8' }) as Uint8Array);
}

/** Makes a record of a workbook's stream. */
function record(type: number, content: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(type, 0);
  head.writeUInt16LE(content.length, 2);
  return Buffer.concat([head, content]);
}

const END = record(0x0a, Buffer.alloc(0));
const words = (...values: number[]) => Buffer.from(Uint16Array.from(values).buffer);

/** Makes a workbook of one sheet with one cell, `A1`, and a comment on it whose letters have formats. */
export function commentedWorkbook(
  cell: string,
  comment: string,
  author: string,
  stream = 'Workbook',
): Buffer<ArrayBuffer> {
  const file = CFB.read(excelBinary({ A: [[cell]] }), { type: 'buffer' });
  const content = Buffer.from(CFB.find(file, 'Workbook')?.content ?? []);
  const note = Buffer.concat([words(0, 0, 0, 1, author.length), Buffer.from(`\0${author}\0`, 'latin1')]);
  const added = Buffer.concat([
    record(0x5d, words(0x15, 0x12, 0x19, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
    record(0x01b6, words(0, 0, 0, 0, 0, comment.length, 24, 0, 0)),
    record(0x3c, Buffer.from(`\0${comment}`, 'latin1')),
    record(0x3c, words(0, 8, 0, 0, 3, 9, 0, 0)),
    record(0x3c, words(comment.length, 0, 0, 0)),
    record(0x1c, note),
  ]);
  const end = content.lastIndexOf(END);
  return compoundFile({ [stream]: Buffer.concat([content.subarray(0, end), added, content.subarray(end)]) });
}

interface OutlookMessage {
  subject: string;
  body?: string;
  html?: string;
  /** The words as Outlook packs them. See {@link packedRtf}. */
  rtf?: Buffer;
  /** Code page of the subject and the words. The default is Unicode. */
  codePage?: 1251;
  attachments?: Readonly<Record<string, Uint8Array>>;
}

/** Makes an entry of the stream of properties with fixed lengths. */
function property(tag: number, value: bigint): Buffer {
  const entry = Buffer.alloc(16);
  entry.writeUInt32LE(tag, 0);
  entry.writeUInt32LE(6, 4);
  entry.writeBigUInt64LE(value, 8);
  return entry;
}

/** 2026-02-03 10:00 UTC, in units of 100 ns since 1601. */
const SENT = (BigInt(Date.UTC(2026, 1, 3, 10)) + 11_644_473_600_000n) * 10_000n;

/** Makes a message of Outlook from Morag Sill to Ada Finlay. */
export function outlookMessage({
  subject,
  body,
  html,
  rtf,
  codePage,
  attachments = {},
}: OutlookMessage): Buffer<ArrayBuffer> {
  const encoded = codePage ? cyrillic : utf16;
  const recipient = '__recip_version1.0_#00000000';
  const streams: Record<string, Buffer> = {
    '__properties_version1.0': Buffer.concat([
      Buffer.alloc(32),
      property(0x0039_0040, SENT),
      property(0x3ffd_0003, BigInt(codePage ?? 1200)),
    ]),
    [codePage ? '__substg1.0_0037001E' : '__substg1.0_0037001F']: encoded(subject),
    '__substg1.0_0C1A001F': utf16('Morag Sill'),
    '__substg1.0_5D01001F': utf16('morag@hallin.example'),
    [`${recipient}/__properties_version1.0`]: Buffer.concat([Buffer.alloc(8), property(0x0c15_0003, 1n)]),
    [`${recipient}/__substg1.0_3001001F`]: utf16('Ada Finlay'),
    [`${recipient}/__substg1.0_3003001F`]: utf16('ada@nessing.example'),
  };
  if (body !== undefined) streams[codePage ? '__substg1.0_1000001E' : '__substg1.0_1000001F'] = encoded(body);
  if (html !== undefined) streams['__substg1.0_10130102'] = Buffer.from(html);
  if (rtf !== undefined) streams['__substg1.0_10090102'] = rtf;
  for (const [index, [name, content]] of Object.entries(attachments).entries()) {
    const storage = `__attach_version1.0_#${String(index).padStart(8, '0')}`;
    streams[`${storage}/__properties_version1.0`] = Buffer.concat([
      Buffer.alloc(8),
      property(0x3705_0003, 1n),
    ]);
    streams[`${storage}/__substg1.0_3707001F`] = utf16(name);
    streams[`${storage}/__substg1.0_37010102`] = Buffer.from(content);
  }
  return compoundFile(streams);
}

/** Encodes ASCII and Russian letters, but no Ё, as Windows-1251. */
function cyrillic(text: string): Buffer {
  return Buffer.from(
    Array.from(text, (letter) => {
      const code = letter.charCodeAt(0);
      return code >= 0x410 ? code - 0x350 : code;
    }),
  );
}

/** Packs RTF as Outlook does, without references. */
export function packedRtf(rtf: string): Buffer {
  const text = Buffer.from(rtf, 'latin1');
  const parts: Buffer[] = [];
  for (let at = 0; at < text.length; at += 8) parts.push(Buffer.of(0), text.subarray(at, at + 8));
  const packed = Buffer.concat(parts);
  const header = Buffer.alloc(16);
  header.writeUInt32LE(packed.length + 12, 0);
  header.writeUInt32LE(text.length, 4);
  header.write('LZFu', 8);
  return Buffer.concat([header, packed]);
}

const LEVEL = { message: 1, attachment: 2 };
const BINARY = 0x0102;
const WIDE_TEXT = 0x001f;

/** A mail in Outlook's own wrapping. */
interface WrappedMail {
  /** Properties of the mail: text, or bytes. */
  properties?: ReadonlyMap<number, string | Buffer>;
  /** Attachments. One that is a mail has its bytes as an object. */
  attachments?: readonly { name: string; content: Buffer; isMail?: boolean }[];
}

/** Makes a `winmail.dat`. */
export function wrappedMail({ properties = new Map(), attachments = [] }: WrappedMail): Buffer<ArrayBuffer> {
  const mark = Buffer.from('789f3e220100', 'hex');
  const codePage = Buffer.alloc(8);
  codePage.writeUInt32LE(1251, 0);
  return Buffer.concat([
    mark,
    attribute(LEVEL.message, 0x9007, codePage),
    attribute(LEVEL.message, 0x9003, values(properties)),
    ...attachments.flatMap(({ name, content, isMail }) => [
      attribute(LEVEL.attachment, 0x9002, Buffer.alloc(14)),
      attribute(LEVEL.attachment, 0x8010, Buffer.from(`${name}\0`, 'latin1')),
      isMail
        ? attribute(
            LEVEL.attachment,
            0x9005,
            values(new Map([[0x3701, Buffer.concat([Buffer.alloc(16), content])]]), 0x000d),
          )
        : attribute(LEVEL.attachment, 0x800f, content),
    ]),
  ]);
}

function attribute(level: number, id: number, data: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt8(level, 0);
  head.writeUInt16LE(id, 1);
  head.writeUInt32LE(data.length, 5);
  return Buffer.concat([head, data, Buffer.alloc(2)]);
}

function values(properties: ReadonlyMap<number, string | Buffer>, binaryType = BINARY): Buffer {
  const parts = Array.from(properties, ([id, value]) => {
    const bytes = typeof value === 'string' ? utf16(`${value}\0`) : value;
    const head = Buffer.alloc(12);
    head.writeUInt16LE(typeof value === 'string' ? WIDE_TEXT : binaryType, 0);
    head.writeUInt16LE(id, 2);
    head.writeUInt32LE(1, 4);
    head.writeUInt32LE(bytes.length, 8);
    return Buffer.concat([head, bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  });
  const count = Buffer.alloc(4);
  count.writeUInt32LE(parts.length, 0);
  return Buffer.concat([count, ...parts]);
}

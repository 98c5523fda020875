import { compoundFile } from './legacy-files.ts';

/** Places in the file information block of a Word document, in bytes. */
const FIB = {
  flags: 0x0a,
  textChars: 0x4c,
  noteChars: 0x50,
  headChars: 0x54,
  commentChars: 0x5c,
  heads: 0xf2,
  characters: 0xfa,
  paragraphs: 0x0102,
  pieces: 0x01a2,
};
const ENCRYPTED = 0x0100;
const FIRST_TABLE = 0x0200;
/** Place of the text, in bytes of the stream. */
const TEXT_AT = 0x0800;
/** Tells that a piece has a byte a character. Its place then counts twice. */
const BYTES_FLAG = 0x4000_0000;
/** Place of the borders of the running heads, in the table. */
const HEADS_AT = 0x0400;

/** Size of a page of formats, in bytes, and of an entry of its runs. */
const PAGE_BYTES = 512;
const ENTRY_BYTES = { characters: 1, paragraphs: 13 };
/** Places of the lists of pages of formats, in the table. */
const LISTS_AT = { characters: 0x0500, paragraphs: 0x0600 };

/** Formats of a range of the text, in characters. Those of a paragraph begin with the number of its style. */
interface WordRun {
  from: number;
  to: number;
  formats: number[];
}

interface WordStories {
  notes?: string;
  header?: string;
  footer?: string;
  comments?: string;
  encrypted?: boolean;
  characters?: WordRun[];
  paragraphs?: WordRun[];
  /** Whether to write a byte a character, as Word does for Western texts. */
  isWestern?: boolean;
  /** First two bytes. Word 95 writes 0xa5dc. */
  mark?: number;
}

/** Makes a document of Word up to 2003, in one piece and without styles. Its stories end paragraphs with `\r`. */
export function wordBinary(
  text: string,
  {
    notes = '',
    header = '',
    footer = '',
    comments = '',
    encrypted = false,
    isWestern = false,
    characters = [],
    paragraphs = [],
    mark = 0xa5ec,
  }: WordStories = {},
): Buffer<ArrayBuffer> {
  const chars = `${text}${notes}${header}${footer}${comments}\r`;
  const all = Buffer.from(chars, isWestern ? 'latin1' : 'utf16le');
  const pagesAt = Math.max(8, Math.ceil((TEXT_AT + all.length) / PAGE_BYTES));
  const stream = Buffer.alloc((pagesAt + 2) * PAGE_BYTES);
  stream.writeUInt16LE(mark, 0);
  stream.writeUInt16LE(FIRST_TABLE | (encrypted ? ENCRYPTED : 0), FIB.flags);
  stream.writeUInt32LE(text.length, FIB.textChars);
  stream.writeUInt32LE(notes.length, FIB.noteChars);
  stream.writeUInt32LE(header.length + footer.length, FIB.headChars);
  stream.writeUInt32LE(comments.length, FIB.commentChars);
  all.copy(stream, TEXT_AT);
  const table = Buffer.alloc(4096);
  table.writeUInt8(2, 0);
  table.writeUInt32LE(16, 1);
  table.writeUInt32LE(0, 5);
  table.writeUInt32LE(chars.length, 9);
  table.writeUInt32LE(isWestern ? (TEXT_AT * 2) | BYTES_FLAG : TEXT_AT, 15);
  // Six separators of notes, then the header and footer of even pages, of odd pages, and of the first one.
  const heads = ['', '', '', '', '', '', '', header, '', footer, '', ''];
  let end = 0;
  for (const [index, head] of heads.entries())
    table.writeUInt32LE((end += head.length), HEADS_AT + (index + 1) * 4);
  stream.writeUInt32LE(HEADS_AT, FIB.heads);
  stream.writeUInt32LE((heads.length + 1) * 4, FIB.heads + 4);
  const charBytes = isWestern ? 1 : 2;
  for (const [index, [kind, runs]] of Object.entries({ characters, paragraphs }).entries()) {
    const list = LISTS_AT[kind as keyof typeof LISTS_AT];
    formatPage(runs, kind as keyof typeof LISTS_AT, charBytes).copy(stream, (pagesAt + index) * PAGE_BYTES);
    table.writeUInt32LE(pagesAt + index, list + 8);
    stream.writeUInt32LE(list, FIB[kind as keyof typeof LISTS_AT]);
    stream.writeUInt32LE(12, FIB[kind as keyof typeof LISTS_AT] + 4);
  }
  return compoundFile({ WordDocument: stream, '1Table': table });
}

/** Makes a page of formats. The formats themselves stand at its end. */
function formatPage(runs: readonly WordRun[], kind: keyof typeof LISTS_AT, charBytes: number): Buffer {
  const page = Buffer.alloc(PAGE_BYTES);
  let end = PAGE_BYTES - 2;
  for (const [index, { from, to, formats }] of runs.entries()) {
    page.writeUInt32LE(TEXT_AT + from * charBytes, index * 4);
    page.writeUInt32LE(TEXT_AT + to * charBytes, (index + 1) * 4);
    // A paragraph's size counts pairs of bytes. A zero precedes the size of an even number.
    const isOdd = formats.length % 2 === 1;
    const paragraphSize = isOdd ? [(formats.length + 1) / 2] : [0, formats.length / 2];
    const written = [...(kind === 'characters' ? [formats.length] : paragraphSize), ...formats];
    end -= written.length + (written.length % 2);
    Buffer.from(written).copy(page, end);
    page.writeUInt8(end / 2, (runs.length + 1) * 4 + index * ENTRY_BYTES[kind]);
  }
  page.writeUInt8(runs.length, PAGE_BYTES - 1);
  return page;
}

import type { Reading } from '../blocks/reading.ts';
import { formatsIn, formattedRuns, type FormattedRun } from './word-formats.ts';

/** A piece of the text. Its places are bytes of the document's stream. */
interface Piece {
  startFilePos: number;
  endFilePos: number;
  /** Bytes of a character. */
  bpc: number;
  text: string;
}

/** A change of a range of the text. It keeps the text's length, because later changes count on it. */
interface Change {
  from: number;
  to: number;
  change: (text: string) => string;
}

/** Formats of characters and paragraphs, by Word's numbers. Source: [MS-DOC]. */
const DELETED = 0x0800;
const HIDDEN = 0x083c;
const IN_TABLE = 0x2416;
const ENDS_ROW = 0x2417;
const OUTLINE_LEVEL = 0x2640;
/** Last number of a style of headings. These numbers are the same in each document. */
const HEADING_STYLES = 9;
/** Ends a heading in the place of `\r`. The next ones stand for the deeper levels. No text has such a character. */
export const HEADING_END = 0xfdd0;
/** Ends a line of a cell. A row is one line. */
export const CELL_LINE = '\u2028';
/** Matches the borders of fields. The library removes only those with a partner. */
// oxlint-disable-next-line no-control-regex
const FIELD_MARKS = /[\x13-\x15]/g;
/** Matches everything but the ends of paragraphs and cells, and the borders of fields. */
// oxlint-disable-next-line no-control-regex
const WORDS = /[^\r\x07\x13-\x15]/g;

/**
 * Reads the texts of a document of Word up to 2003 without deletions and hidden words. `HEADING_END` and the characters
 * after it end headings. `CELL_LINE` ends the lines of cells.
 * @throws {Error} for a damaged file
 */
export async function readStories(bytes: Buffer, reading: Reading) {
  const { WordOleExtractor, BufferReader } = await (library ??= loadLibrary());
  const extractor = new WordOleExtractor();
  // The library takes other formats of right-to-left text for deletions. It knows no hidden words and no headings.
  extractor.writeCharacterProperties = (stream, table) => {
    changeText(
      extractor._pieces,
      characterChanges(formattedRuns(stream, table, 'characters'), reading),
      reading,
    );
  };
  extractor.writeParagraphProperties = (stream, table) => {
    changeText(extractor._pieces, paragraphChanges(formattedRuns(stream, table, 'paragraphs')), reading);
  };
  const reader = new BufferReader(bytes);
  await reader.open();
  return extractor.extract(reader);
}

let library: ReturnType<typeof loadLibrary> | undefined;

/**
 * Loads the library with corrected filters. Its own filters write `undefined` for optional hyphens and some characters
 * of Windows. They keep the control character of a hyphen that ends no line.
 */
async function loadLibrary() {
  const { default: filters } = await import('word-extractor/lib/filters.js');
  const { clean } = filters;
  filters.clean = (text) =>
    clean(text.replaceAll('\x1e', '-').replaceAll('\x1f', '')).replace(FIELD_MARKS, '');
  filters.binaryToUnicode = (text) => new TextDecoder('windows-1252').decode(Buffer.from(text, 'latin1'));
  const { default: WordOleExtractor } = await import('word-extractor/lib/word-ole-extractor.js');
  const { default: BufferReader } = await import('word-extractor/lib/buffer-reader.js');
  return { WordOleExtractor, BufferReader };
}

function* characterChanges(runs: Iterable<FormattedRun>, reading: Reading): Generator<Change> {
  const hide = (text: string) => (isNoPart(text) || reading.takesHidden() ? text : text.replace(WORDS, '\0'));
  let hidden: Change | undefined;
  for (const { from, to, formats } of runs) {
    const found = formatsIn(formats);
    // Higher values take the style's value, or its opposite.
    const isSet = (format: number) => found.get(format) === 1;
    if (isSet(DELETED)) yield { from, to, change: (text) => '\0'.repeat(text.length) };
    else if (isSet(HIDDEN) && hidden?.to === from) hidden.to = to;
    else if (isSet(HIDDEN)) {
      if (hidden) yield hidden;
      hidden = { from, to, change: hide };
    }
  }
  if (hidden) yield hidden;
}

/** Returns whether text is blank, or whole fields, such as the entries of an index. Readers never see these. */
function isNoPart(text: string): boolean {
  const words = text.replaceAll('\x07', ' ').trim();
  return words === '' || (words.startsWith('\x13') && words.endsWith('\x15'));
}

function* paragraphChanges(runs: Iterable<FormattedRun>): Generator<Change> {
  for (const { from, to, formats } of runs) {
    if (formats.length < 2) continue;
    const style = formats.readUInt16LE(0);
    const found = formatsIn(formats.subarray(2));
    const level = (found.get(OUTLINE_LEVEL) ?? style - 1) + 1;
    if (found.has(ENDS_ROW)) yield { from, to, change: (text) => '\n'.repeat(text.length) };
    else if (found.has(IN_TABLE)) yield { from, to, change: (text) => text.replace(/[\r\v]/g, CELL_LINE) };
    else if (level >= 1 && level <= HEADING_STYLES) {
      const end = String.fromCharCode(HEADING_END + level);
      yield { from, to, change: (text) => text.replace(/\r$/, end) };
    }
  }
}

/** Changes ranges of the pieces. It joins each piece once, because many small changes would copy it as often. */
function changeText(pieces: readonly Piece[], all: Iterable<Change>, { elements }: Reading): void {
  const changes = [...all].toSorted((a, b) => a.from - b.from);
  let next = 0;
  for (const piece of pieces.toSorted((a, b) => a.startFilePos - b.startFilePos)) {
    const { startFilePos: start, endFilePos: end, bpc, text } = piece;
    const parts: string[] = [];
    let at = 0;
    while (next < changes.length && (changes[next]?.to ?? 0) <= start) next++;
    for (let index = next; index < changes.length; index++) {
      const found = changes[index];
      if (!found || found.from >= end) break;
      // Overlapping ranges of a hostile document would take the product of both numbers.
      elements.spend();
      const first = Math.max(at, Math.floor((found.from - start) / bpc));
      const last = Math.max(first, Math.min(text.length, Math.floor((found.to - start) / bpc)));
      parts.push(text.slice(at, first), found.change(text.slice(first, last)));
      at = last;
    }
    piece.text = parts.join('') + text.slice(at);
  }
}

/** A range of bytes of the text, and the list of its formats. */
export interface FormattedRun {
  from: number;
  to: number;
  formats: Buffer;
}

/** Places of the lists of pages in the file information block, in bytes. Source: [MS-DOC]. */
const LISTS = { characters: 0xfa, paragraphs: 0x0102 };
/** Size of a run's entry in a page, in bytes. Its first byte tells the place of the formats. */
const ENTRY_BYTES = { characters: 1, paragraphs: 13 };
/** Size of a page of formats, in bytes. Its last byte counts its runs. */
const PAGE_BYTES = 512;
/** Sizes of values in bytes, by the highest three bits of a format. */
const VALUE_BYTES = [1, 1, 2, 4, 2, 2, 0, 3];
/** The three bits of a format whose value begins with its own size, in a byte. */
const SIZED = 6;
/** Format of a table's columns. Its size alone takes two bytes. */
const TABLE = 0xd608;

/**
 * Yields the runs of characters or paragraphs that have formats of their own, in the file's order. The formats of a
 * paragraph begin with the number of its style.
 * @param stream the stream of the document
 * @param table the stream of its tables
 * @throws {Error} if the document names more pages than it has
 */
export function* formattedRuns(
  stream: Buffer,
  table: Buffer,
  kind: 'characters' | 'paragraphs',
): Generator<FormattedRun> {
  const at = stream.readUInt32LE(LISTS[kind]);
  const pages = Math.floor((stream.readUInt32LE(LISTS[kind] + 4) - 4) / 8);
  // Many entries may name the same page. Their runs would fill the memory.
  if (pages > stream.length / PAGE_BYTES)
    throw new Error('a document of Word names pages that it does not have');
  for (let number = 0; number < pages; number++) {
    const start = table.readUInt32LE(at + (pages + 1 + number) * 4) * PAGE_BYTES;
    const page = stream.subarray(start, start + PAGE_BYTES);
    const runs = page.readUInt8(PAGE_BYTES - 1);
    for (let run = 0; run < runs; run++) {
      const place = page.readUInt8((runs + 1) * 4 + run * ENTRY_BYTES[kind]) * 2;
      if (place === 0) continue;
      const [first, last] =
        kind === 'characters' ? characterFormats(page, place) : paragraphFormats(page, place);
      yield {
        from: page.readUInt32LE(run * 4),
        to: page.readUInt32LE((run + 1) * 4),
        formats: page.subarray(first, last),
      };
    }
  }
}

function characterFormats(page: Buffer, place: number): [first: number, last: number] {
  return [place + 1, place + 1 + page.readUInt8(place)];
}

/**
 * Returns the range of a paragraph's formats. Their size counts pairs of bytes, and is itself half of the first pair.
 * After a zero, a second size counts pairs of formats alone.
 */
function paragraphFormats(page: Buffer, place: number): [first: number, last: number] {
  const pairs = page.readUInt8(place);
  return pairs === 0
    ? [place + 2, place + 2 + page.readUInt8(place + 1) * 2]
    : [place + 1, place + pairs * 2];
}

/** Reads a list of formats by their numbers, with the first byte of each value. */
export function formatsIn(list: Buffer): Map<number, number> {
  const found = new Map<number, number>();
  for (let at = 0; at + 2 < list.length;) {
    const format = list.readUInt16LE(at);
    const value = list.readUInt8(at + 2);
    found.set(format, value);
    const kind = format >> 13;
    if (format === TABLE && at + 4 <= list.length) at += 3 + list.readUInt16LE(at + 2);
    else at += 2 + (kind === SIZED ? 1 + value : (VALUE_BYTES[kind] ?? 0));
  }
  return found;
}

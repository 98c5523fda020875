import { expect, it } from 'vitest';

import { compoundFile } from '../../../documents/formats/legacy/legacy-files.ts';
import { failure, parse, useUploadFolder } from '../../../helpers/documents/parsed-upload.ts';

useUploadFolder();

const TEXT = 'Words of a document.\r';
const TEXT_AT = 0x0800;
const PAGE_BYTES = 512;
/** Runs of characters in a page. They share their formats. */
const RUNS = 90;
const DELETED = [3, 0x00, 0x08, 1];

interface Shape {
  /** Pages of the stream. */
  size: number;
  /** Entries of the list of pages. All name the last page. */
  pages: number;
  /** Empty pieces within the text. */
  pieces?: number;
}

/** Makes a document of Word up to 2003. Its runs of deleted characters overlap. The first one is the whole text. */
function wordDocument({ size, pages, pieces = 0 }: Shape): Buffer<ArrayBuffer> {
  const stream = Buffer.alloc(size * PAGE_BYTES);
  stream.writeUInt16LE(0xa5ec, 0);
  stream.writeUInt16LE(0x0200, 0x0a);
  stream.writeUInt32LE(TEXT.length, 0x4c);
  stream.write(TEXT, TEXT_AT, 'utf16le');
  const page = stream.subarray(-PAGE_BYTES);
  for (let run = 0; run <= RUNS; run++) page.writeUInt32LE(TEXT_AT + (run % 2) * TEXT.length * 2, run * 4);
  page.fill(250, (RUNS + 1) * 4, (RUNS + 1) * 4 + RUNS);
  page.set(DELETED, 500);
  page.writeUInt8(RUNS, PAGE_BYTES - 1);

  const list = Buffer.alloc((pages + 1) * 4 + pages * 4);
  list.fill(Buffer.from(Uint32Array.of(size - 1).buffer), (pages + 1) * 4);
  const places = 5 + (pieces + 2) * 4;
  const table = Buffer.alloc(places + (pieces + 1) * 8);
  table.writeUInt8(2, 0);
  table.writeUInt32LE(table.length - 5, 1);
  table.fill(Buffer.from(Uint32Array.of(TEXT.length).buffer), 9, places);
  for (let piece = 0; piece <= pieces; piece++)
    table.writeUInt32LE(TEXT_AT + (piece === 0 ? 0 : 2), places + piece * 8 + 2);
  stream.writeUInt32LE(list.length, 0xfe);
  // No list of paragraphs.
  stream.writeUInt32LE(4, 0x0106);
  stream.writeUInt32LE(list.length, 0x01a2);
  return compoundFile({ WordDocument: stream, '1Table': Buffer.concat([list, table]) });
}

it('a document of Word that names more pages of formats than it has is refused', async () => {
  expect(await failure(wordDocument({ size: 14, pages: 0 }), 'a.doc')).toBe('it is read');
  expect(await failure(wordDocument({ size: 14, pages: 15 }), 'a.doc')).toBe('corrupt');
});

it('a document of Word whose formats overlap in many pieces of text is refused', async () => {
  expect((await parse(wordDocument({ size: 14, pages: 0, pieces: 10 }), 'a.doc')).text).toBe(TEXT.trim());
  expect(await failure(wordDocument({ size: 1000, pages: 1000, pieces: 200_000 }), 'a.doc')).toBe('corrupt');
});

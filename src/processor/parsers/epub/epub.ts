import { ProcessorError } from '../../errors.ts';
import type { Block } from '../blocks/block.ts';
import type { Reading } from '../blocks/reading.ts';
import { decoded } from '../detect/decode-text.ts';
import { readHtml } from '../html/html.ts';
import { openArchive } from '../markup/archive.ts';
import { readXmlText } from '../text/xml.ts';
import { withoutNoteCalls } from './note-calls.ts';
import { DRAWING, readingOrder } from './package.ts';

/** Names of images, fonts and sounds. Of these, only drawings can be pages. Any other file may be a page, or lead to one. */
const NO_PAGE = /\.(?:svg|png|jpe?g|gif|webp|css|js|ttf|otf|woff2?|mp[34]|m4[av])$/i;

/** Reads the pages of a book in their order. If the package names no order, the names of the pages give it. */
export function* readEpub(bytes: Buffer, reading: Reading): Generator<Block> {
  const archive = openArchive(bytes, (path) => !NO_PAGE.test(path), reading);
  const paths = readingOrder(archive);
  if (paths.length === 0) throw new ProcessorError('corrupt');
  // Other drawings are illustrations. All of a book may be too large to unpack.
  const named = new Set(paths.map((path) => path.toLowerCase()));
  const drawings = openArchive(bytes, (path) => DRAWING.test(path) && named.has(path.toLowerCase()), reading);
  for (const path of paths) {
    const page = decoded(Buffer.from(archive.bytes(path) ?? drawings.bytes(path) ?? []));
    yield* DRAWING.test(path) ? readXmlText(page, reading) : readHtml(withoutNoteCalls(page), reading);
  }
}

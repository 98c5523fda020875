import { ProcessorError } from '../../errors.ts';
import type { Block } from '../blocks/block.ts';
import type { Reading } from '../blocks/reading.ts';
import { decoded } from '../detect/decode-text.ts';
import { readHtml } from '../html/html.ts';
import { openArchive } from '../markup/archive.ts';
import { readXmlText } from '../text/xml.ts';
import { withoutNoteCalls } from './note-calls.ts';
import { readingOrder } from './package.ts';

/** Names of images, fonts and sounds. Any other file may be a page, or lead to one. */
const NO_PAGE = /\.(?:png|jpe?g|gif|webp|css|js|ttf|otf|woff2?|mp[34]|m4[av])$/i;
/** Matches the name of a page that is a drawing, as in comics and books for children. */
const DRAWING = /\.svg$/i;

/** Reads the pages of a book in their order. If the package names no order, the names of the pages give it. */
export function* readEpub(bytes: Buffer, reading: Reading): Generator<Block> {
  const archive = openArchive(bytes, (path) => !NO_PAGE.test(path), reading);
  const paths = readingOrder(archive);
  if (paths.length === 0) throw new ProcessorError('corrupt');
  for (const path of paths) {
    const page = decoded(Buffer.from(archive.bytes(path) ?? []));
    yield* DRAWING.test(path) ? readXmlText(page, reading) : readHtml(withoutNoteCalls(page), reading);
  }
}

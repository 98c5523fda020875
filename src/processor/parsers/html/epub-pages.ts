import { isUtf8 } from 'node:buffer';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';

import { visibleHtml } from './visible-html.ts';

const PAGE = /\.x?html?$/i;
/** Names of images and fonts. Any other file may be a page, or lead to one. */
const NO_PAGE = /\.(?:png|jpe?g|gif|webp|svg|css|js|ttf|otf|woff2?|mp[34]|m4[av])$/i;
/** Matches self-closed elements. XHTML allows them, but HTML reads these as open. */
const EMPTY_RAW = /<(script|style|textarea|title)\b([^<>]*)\/>/gi;

/**
 * Reduces a book to the visible text of its pages. It leaves out hidden elements, ruby annotations, images and fonts.
 * @throws if the archive is not whole
 */
export function visibleBook(epub: Uint8Array): Uint8Array {
  const files = unzipSync(epub, { filter: ({ name }) => !NO_PAGE.test(name) });
  for (const [name, file] of Object.entries(files)) {
    if (!PAGE.test(name) || !isUtf8(file)) continue;
    files[name] = strToU8(visibleHtml(strFromU8(file).replace(EMPTY_RAW, '<$1$2></$1>')));
  }
  return zipSync(files, { level: 0 });
}

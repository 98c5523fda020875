import { isUtf8 } from 'node:buffer';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';

import { visibleHtml } from './visible-html.ts';

const PAGE = /\.x?html?$/i;
/** Whatever is called otherwise may be a page, too, or what leads to them. */
const NO_PAGE = /\.(?:png|jpe?g|gif|webp|svg|css|js|ttf|otf|woff2?|mp[34]|m4[av])$/i;
/** In XHTML an element may be closed where it begins; in HTML these never are. */
const EMPTY_RAW = /<(script|style|textarea|title)\b([^<>]*)\/>/gi;

/**
 * A book whose pages have what they show: what is hidden in them, and how words are read, is left out, and so are
 * images and fonts.
 * @throws where it is no whole archive
 */
export function visibleBook(epub: Uint8Array): Uint8Array {
  const files = unzipSync(epub, { filter: ({ name }) => !NO_PAGE.test(name) });
  for (const [name, file] of Object.entries(files)) {
    if (!PAGE.test(name) || !isUtf8(file)) continue;
    files[name] = strToU8(visibleHtml(strFromU8(file).replace(EMPTY_RAW, '<$1$2></$1>')));
  }
  return zipSync(files, { level: 0 });
}

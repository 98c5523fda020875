import { wellFormed } from '../well-formed.ts';

const MAX_FILENAME_CHARS = 255;
/**
 * Characters that hide or reorder a displayed name, or forge a line: controls, marks of direction, line and paragraph
 * separators, and blanks without a width. Joiners (U+200C, U+200D) stay, because some scripts need them in names.
 */
const UNSAFE = /[\p{Cc}\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** Escapes of a quotation mark and a line break in the name of a part (HTML Standard, multipart/form-data). */
const ESCAPED = /%22|%0D|%0A/g;

/**
 * Makes a file name safe to show, store and log. Sluice never uses it as a path.
 * @returns at most 255 code points; `unnamed` if nothing is left
 */
export function cleanFilename(name: string | undefined): string {
  const given = (name ?? '').replaceAll(ESCAPED, decodeURIComponent);
  const visible = given.replaceAll(UNSAFE, '').trim();
  return wellFormed(visible, MAX_FILENAME_CHARS).trim() || 'unnamed';
}

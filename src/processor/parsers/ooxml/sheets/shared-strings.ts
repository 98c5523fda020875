import type { Archive } from '../../markup/archive.ts';
import { elementsIn, ownText, type XmlElement } from '../../markup/xml-element.ts';

const STRING = new Set(['s:si']);
/** A character that XML cannot hold, such as `_x000D_`. */
const ESCAPED = /_x([\dA-F]{4})_/gi;

/** Reads the texts that the cells of a workbook share, by their numbers. */
export function sharedStrings(path: string, archive: Archive): string[] {
  return Array.from(archive.trees(path, STRING), richText);
}

/** Returns the words of a text with or without formats. The pronunciation of its words is no part of it. */
export function richText(text: XmlElement): string {
  const words = elementsIn(text).flatMap((part) => {
    if (part.name === 's:t') return [ownText(part)];
    return part.name === 's:r' ? elementsIn(part, 's:t').map(ownText) : [];
  });
  return unescaped(words.join(''));
}

/** Puts in the characters that a text writes by their codes. */
export function unescaped(text: string): string {
  return text.replace(ESCAPED, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

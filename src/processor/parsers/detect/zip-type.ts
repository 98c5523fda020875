import { strFromU8, unzipSync } from 'fflate';

import { ProcessorError } from '../../errors.ts';
import { typeOfMediaType, type DocumentType } from './document-types.ts';

/**
 * Parts of an archive that tell its type, in lower case. OpenDocument and EPUB have the first, Open XML the second. Some
 * programs write all names in lower case.
 */
const MEDIA_TYPE_PART = 'mimetype';
const CONTENT_TYPES_PART = '[content_types].xml';
/** Part of a book that lists its encrypted parts with their ciphers. Obscured fonts do not count. */
const ENCRYPTION_PART = 'meta-inf/encryption.xml';
const CIPHER = /xmlenc(?:11)?#(?:aes|tripledes)/i;
const PROTECTED_BOOK = 'The book is protected against copying. Upload it without protection.';
const TELLING_PARTS = new Set([MEDIA_TYPE_PART, CONTENT_TYPES_PART, ENCRYPTION_PART]);
/** Largest such part, in bytes. Real ones are a fraction of it. */
const MAX_PART_BYTES = 4 * 1024 * 1024;

/** Content types of main parts: plain, template, show, with macros. Binary workbooks have no XML. */
const MAIN_PARTS: readonly [DocumentType, RegExp][] = [
  ['docx', /(?:wordprocessingml|ms-word)\.[\w.]+\.main\+xml/i],
  ['pptx', /(?:presentationml|ms-powerpoint)\.[\w.]+\.main\+xml/i],
  ['xlsx', /(?:spreadsheetml|ms-excel)\.[\w.]+\.main\+xml/i],
];

/**
 * Detects the document type of a ZIP archive. Returns undefined for an archive that no parser reads.
 * @throws {ProcessorError} `corrupt` if the archive is not whole; `encrypted` for a protected book
 */
export function zipType(bytes: Uint8Array): DocumentType | undefined {
  const parts = readParts(bytes);
  const encryption = parts[ENCRYPTION_PART];
  if (encryption && CIPHER.test(strFromU8(encryption, true))) {
    throw new ProcessorError('encrypted', { detail: PROTECTED_BOOK });
  }
  const mediaType = parts[MEDIA_TYPE_PART];
  if (mediaType) return typeOfMediaType(strFromU8(mediaType, true).replace(/-template$/, ''));
  const contentTypes = parts[CONTENT_TYPES_PART];
  if (!contentTypes) return undefined;
  const xml = strFromU8(contentTypes, true);
  return MAIN_PARTS.find(([, pattern]) => pattern.test(xml))?.[0];
}

function readParts(bytes: Uint8Array): Record<string, Uint8Array> {
  try {
    const parts = unzipSync(bytes, {
      filter: ({ name, originalSize }) =>
        TELLING_PARTS.has(name.toLowerCase()) && originalSize <= MAX_PART_BYTES,
    });
    return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name.toLowerCase(), part]));
  } catch (error) {
    throw new ProcessorError('corrupt', { cause: error });
  }
}

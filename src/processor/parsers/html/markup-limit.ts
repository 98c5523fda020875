import { unzipSync } from 'fflate';

/** Most elements. Their tree takes most of a child's memory. */
const MAX_TAGS = 700_000;
const MAX_RTF_CONTROLS = 1_200_000;
/** Largest unpacked size of a book with its images, in bytes. */
const MAX_UNPACKED_BYTES = 128 * 1024 * 1024;

const LESS_THAN = 0x3c;
const BACKSLASH = 0x5c;

/** Returns whether HTML has more elements than the memory can hold. */
export function hasTooManyTags(html: Uint8Array): boolean {
  return countTags(html) > MAX_TAGS;
}

/** Returns whether RTF has more control words than the memory can hold. */
export function hasTooManyControls(rtf: Uint8Array): boolean {
  let controls = 0;
  for (const byte of rtf) if (byte === BACKSLASH) controls++;
  return controls > MAX_RTF_CONTROLS;
}

/**
 * Returns whether a book unpacks to more than the memory can hold. Any of its files may be a chapter.
 * @throws if the archive is not whole
 */
export function unpacksTooLarge(epub: Uint8Array): boolean {
  let bytes = 0;
  const files = unzipSync(epub, {
    filter: ({ originalSize }) => (bytes += originalSize) <= MAX_UNPACKED_BYTES,
  });
  const tags = Object.values(files).reduce((sum, file) => sum + countTags(file), 0);
  return bytes > MAX_UNPACKED_BYTES || tags > MAX_TAGS;
}

/**
 * Returns whether an archive's directory names an unpacked size above the limit. It does not unpack, because that takes
 * seconds. A damaged archive names none.
 */
export function declaresTooMuch(archive: Uint8Array, maxBytes: number): boolean {
  let bytes = 0;
  const filter = ({ originalSize }: { originalSize: number }) => {
    bytes += originalSize;
    return false;
  };
  try {
    unzipSync(archive, { filter });
  } catch {
    return false;
  }
  return bytes > maxBytes;
}

function countTags(bytes: Uint8Array): number {
  let tags = 0;
  for (let at = bytes.indexOf(LESS_THAN); at !== -1; at = bytes.indexOf(LESS_THAN, at + 1)) {
    // Compares in lower case. Only a letter begins an element.
    const next = (bytes[at + 1] ?? 0) | 0x20;
    if (next >= 0x61 && next <= 0x7a) tags++;
  }
  return tags;
}

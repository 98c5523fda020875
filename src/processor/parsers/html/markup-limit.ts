import { unzipSync } from 'fflate';

/** A tree of this many elements takes most of the memory that a child has. */
const MAX_TAGS = 700_000;
const MAX_RTF_CONTROLS = 1_200_000;
/** Of a book, with all its images. */
const MAX_UNPACKED_BYTES = 128 * 1024 * 1024;

const LESS_THAN = 0x3c;
const BACKSLASH = 0x5c;

/** Whether HTML has more elements than there is memory for. */
export function hasTooManyTags(html: Uint8Array): boolean {
  return countTags(html) > MAX_TAGS;
}

/** Whether RTF has more control words than there is memory for. */
export function hasTooManyControls(rtf: Uint8Array): boolean {
  let controls = 0;
  for (const byte of rtf) if (byte === BACKSLASH) controls++;
  return controls > MAX_RTF_CONTROLS;
}

/**
 * Whether a book unpacks to more than there is memory for. Any of its files may be a chapter, whatever it is called.
 * @throws where it is no whole archive
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
 * Returns whether an archive says that it unpacks to more than the limit. Reads only its directory: to unpack up to
 * the limit takes seconds. A damaged archive says nothing.
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
    // In lower case; anything but a letter begins no element.
    const next = (bytes[at + 1] ?? 0) | 0x20;
    if (next >= 0x61 && next <= 0x7a) tags++;
  }
  return tags;
}

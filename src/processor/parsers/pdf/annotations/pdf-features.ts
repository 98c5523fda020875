import { constants, inflateSync } from 'node:zlib';

/** Type names of form widgets and of text typed onto a page. Every document with such contains them. */
const NAMES = ['/Widget', '/FreeText'];
/** Collections of East Asian letters. The first reader knows none of them. It needs a font that names Unicode. */
const COLLECTIONS = ['(Japan1)', '(GB1)', '(CNS1)', '(Korea1)', '(KR)'];
const OBJECT_STREAM = '/ObjStm';
const STREAM = 'stream';
const CR = 0x0d;
/** Limit of annotations. Real forms have fewer. More would cost too much time. */
const MAX_ANNOTATIONS = 10_000;
/** Limit in bytes. Objects of real documents unpack to far less. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
/** Fixed cost of unpacking a stream, in bytes. */
const STREAM_COST = 4096;

/** Features that the objects of a PDF show without parsing. */
interface Features {
  /** False is certain, except for more than MAX_ANNOTATIONS. True may be wrong, as for encrypted objects. */
  mayHaveAnnotations: boolean;
  /** Whether a font names its letters by an East Asian collection. */
  hasEastAsianFonts: boolean;
}

/**
 * Looks for form fields, typed text and East Asian fonts without parsing the file.
 * @param bytes the whole file
 */
export function featuresOf(bytes: Buffer): Features {
  let found = countAll(bytes);
  let hasEastAsianFonts = hasCollection(bytes);
  let left = MAX_UNPACKED_BYTES;
  let allSeen = true;
  for (const stream of objectStreams(bytes)) {
    try {
      // Bytes after the stream are ignored. Readers accept a damaged stream up to the damage.
      const options = { maxOutputLength: left, finishFlush: constants.Z_SYNC_FLUSH };
      const objects = inflateSync(stream, options);
      left = Math.max(left - objects.length - STREAM_COST, 1);
      found += countAll(objects);
      hasEastAsianFonts ||= hasCollection(objects);
    } catch (error) {
      if (isTooLarge(error)) return { mayHaveAnnotations: false, hasEastAsianFonts };
      allSeen = false;
      break;
    }
  }
  return { mayHaveAnnotations: found > 0 ? found <= MAX_ANNOTATIONS : !allSeen, hasEastAsianFonts };
}

function hasCollection(objects: Buffer): boolean {
  return COLLECTIONS.some((name) => objects.includes(name));
}

/** Yields the bytes from the start of each object stream. */
function* objectStreams(bytes: Buffer): Generator<Buffer> {
  for (let end = 0; ;) {
    const type = bytes.indexOf(OBJECT_STREAM, end);
    const keyword = type === -1 ? -1 : bytes.indexOf(STREAM, type);
    if (keyword === -1) return;
    end = keyword + STREAM.length;
    yield bytes.subarray(end + (bytes[end] === CR ? 2 : 1));
  }
}

function countAll(bytes: Buffer): number {
  return NAMES.reduce((sum, name) => sum + count(bytes, name), 0);
}

function count(bytes: Buffer, name: string): number {
  let found = 0;
  for (let at = bytes.indexOf(name); at !== -1; at = bytes.indexOf(name, at + 1)) found++;
  return found;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

import { constants, inflateSync } from 'node:zlib';

/** What every place of a form's field on a page is called; it is in all documents that have any. */
const WIDGET = '/Widget';
const OBJECT_STREAM = '/ObjStm';
const STREAM = 'stream';
const CR = 0x0d;
/** More than any form has; whoever claims more is not worth the time that each of them takes. */
const MAX_WIDGETS = 10_000;
/** What objects of real documents unpack to is far below. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
/** What it costs to unpack anything, in bytes that are unpacked meanwhile. */
const STREAM_COST = 4096;

/**
 * Whether a PDF's pages may have form fields, without reading it. It is sure where it says no: that it must look for
 * itself, or cannot, as where objects are encrypted, is a maybe.
 * @param bytes the whole file
 * @returns false, too, for documents with far more fields than a form has
 */
export function mayHaveWidgets(bytes: Buffer): boolean {
  let found = count(bytes, WIDGET);
  let left = MAX_UNPACKED_BYTES;
  let allSeen = true;
  for (const stream of objectStreams(bytes)) {
    try {
      // What follows the stream is not of it, and where it is damaged, readers take what there is.
      const options = { maxOutputLength: left, finishFlush: constants.Z_SYNC_FLUSH };
      const objects = inflateSync(stream, options);
      left = Math.max(left - objects.length - STREAM_COST, 1);
      found += count(objects, WIDGET);
    } catch (error) {
      if (isTooLarge(error)) return false;
      allSeen = false;
      break;
    }
  }
  return found > 0 ? found <= MAX_WIDGETS : !allSeen;
}

/** The bytes from the beginning of each stream that holds other objects. */
function* objectStreams(bytes: Buffer): Generator<Buffer> {
  for (let end = 0; ;) {
    const type = bytes.indexOf(OBJECT_STREAM, end);
    const keyword = type === -1 ? -1 : bytes.indexOf(STREAM, type);
    if (keyword === -1) return;
    end = keyword + STREAM.length;
    yield bytes.subarray(end + (bytes[end] === CR ? 2 : 1));
  }
}

function count(bytes: Buffer, name: string): number {
  let found = 0;
  for (let at = bytes.indexOf(name); at !== -1; at = bytes.indexOf(name, at + 1)) found++;
  return found;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

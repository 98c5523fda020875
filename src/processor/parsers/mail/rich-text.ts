import { ProcessorError } from '../../errors.ts';
import type { Block } from '../blocks/block.ts';
import type { Reading } from '../blocks/reading.ts';
import { readHtml } from '../html/html.ts';
import { htmlOfRtf } from '../rtf/rtf-html.ts';
import { readRtf } from '../rtf/rtf.ts';

/** Places in the header, in bytes, and its end. */
const HEADER = { size: 4, kind: 8, end: 16 };
/** Kinds of content: `LZFu`, which is packed, and `MELA`, which is not. */
const PACKED = 0x75465a4c;
const STORED = 0x414c454d;
/** Bytes that a reference can reach back, and the text that stands there at the start. */
const WINDOW_BYTES = 4096;
const START =
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor ' +
  'MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20' +
  '\\b\\i\\u\\tab\\tx';
/** Most bytes of text for each packed byte. A reference takes two bytes and a bit, and stands for up to 17. */
const MAX_RATIO = 9;

/**
 * Reads the words of a mail that Outlook has packed as RTF. The RTF may hold HTML, which says more.
 * @throws {ProcessorError} `corrupt` or `text_too_long`
 */
export function readPackedRtf(packed: Buffer, reading: Reading): Iterable<Block> {
  const rtf = unpackRtf(packed);
  const html = htmlOfRtf(rtf, reading);
  return html === undefined ? readRtf(rtf, reading) : readHtml(html, reading);
}

/**
 * Unpacks RTF. Each bit of a control byte tells whether one of the next eight parts is a byte or a reference. Source:
 * [MS-OXRTFCP].
 * @throws {ProcessorError} `corrupt`
 */
function unpackRtf(packed: Buffer): Buffer {
  const bytes = packed.length < HEADER.end ? 0 : packed.readUInt32LE(HEADER.size);
  const kind = bytes > 0 ? packed.readUInt32LE(HEADER.kind) : undefined;
  if (kind === STORED) return packed.subarray(HEADER.end, HEADER.end + bytes);
  if (kind !== PACKED || bytes > packed.length * MAX_RATIO) throw new ProcessorError('corrupt');
  const text = Buffer.alloc(START.length + bytes);
  let end = text.write(START, 'latin1');
  let at = HEADER.end;
  for (let part = 0, control = 0; end < text.length && at < packed.length; part = (part + 1) % 8) {
    if (part === 0) control = packed[at++] ?? 0;
    if ((control & (1 << part)) === 0) text[end++] = packed[at++] ?? 0;
    else {
      const reference = ((packed[at++] ?? 0) << 8) | (packed[at++] ?? 0);
      let from = end - ((end - (reference >> 4)) & (WINDOW_BYTES - 1));
      if (from === end) break;
      const until = Math.min(end + (reference & 15) + 2, text.length);
      while (end < until) text[end++] = text[from++] ?? 0;
    }
  }
  return text.subarray(START.length, end);
}

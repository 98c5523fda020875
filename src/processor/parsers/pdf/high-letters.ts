import { constants, inflateSync } from 'node:zlib';

import { lettersIn, lettersOf } from './pdf-letters.ts';

/** Letters and signs above U+FFFF. */
const HIGH = /[\u{10000}-\u{10ffff}]+/gu;
const STREAM = Buffer.from('stream');
const CR = 0x0d;
/** Bytes of a stream to unpack for a look. A map of characters names itself at once. Twice as many take twice as long. */
const LOOK_BYTES = 256;
const MAX_MAP_BYTES = 1024 * 1024;
/** Most streams to look at, and most maps to unpack. A book of 1,000 pages has 5,000 streams. */
const MAX_STREAMS = 50_000;
const MAX_MAPS = 500;
/** Matches the start of a map, with or without a comment. */
const MAP = /Resource-CMap|\/CIDInit|begincmap/;
/** A surrogate pair in such a map. */
const PAIR = /<(?:[0-9a-f]{4})*d[89ab][0-9a-f]{2}d[c-f][0-9a-f]{2}/i;

/**
 * Returns whether a font of a PDF maps to letters above U+FFFF, which the first reader leaves out. It looks at the
 * beginning of each stream, because only maps of characters tell.
 * @param bytes the whole file
 */
export function mayHaveHighLetters(bytes: Buffer): boolean {
  let streams = 0;
  let maps = 0;
  for (let at = bytes.indexOf(STREAM); at !== -1; at = bytes.indexOf(STREAM, at + STREAM.length)) {
    // Each stream's end has the same word.
    if (bytes[at - 1] === 0x64) continue;
    if (++streams > MAX_STREAMS || maps > MAX_MAPS) return false;
    const start = at + STREAM.length + (bytes[at + STREAM.length] === CR ? 2 : 1);
    if (!isMap(bytes, start)) continue;
    maps++;
    if (PAIR.test(unpacked(bytes, start, MAX_MAP_BYTES))) return true;
  }
  return false;
}

function isMap(bytes: Buffer, start: number): boolean {
  return MAP.test(unpacked(bytes, start, LOOK_BYTES));
}

/** Unpacks the beginning of a stream, or returns it unchanged if it is not packed. */
function unpacked(bytes: Buffer, start: number, maxBytes: number): string {
  const packed = bytes.subarray(start, start + maxBytes);
  // Zlib's first byte for every usual window.
  if (((packed[0] ?? 0) & 0x0f) !== 8) return packed.toString('latin1');
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxBytes * 64, chunkSize: 4096 };
    return inflateSync(packed, options).toString('latin1');
  } catch {
    return '';
  }
}

/**
 * Inserts letters above U+FFFF into a text that lacks them. Each goes behind the letters before it on its line.
 * @param lines of the page by a reader that has them
 */
export function withHighLetters(markdown: string, lines: readonly string[]): string {
  const { letters, starts, ends } = lettersIn(markdown);
  const inserts: { at: number; text: string; joins?: boolean }[] = [];
  let from = 0;
  for (const line of lines) {
    const plain = lettersOf(line.replace(HIGH, ''));
    if (plain === '' && line.search(HIGH) === -1) continue;
    const next = plain === '' ? from : letters.indexOf(plain, from);
    const found = next === -1 ? letters.indexOf(plain) : next;
    if (found === -1) continue;
    from = found + plain.length;
    if (plain === '') {
      // A line without other letters stands below the line before it.
      inserts.push({ at: ends[from - 1] ?? 0, text: `\n${line}` });
      continue;
    }
    for (const { 0: high, index } of line.matchAll(HIGH)) {
      const before = lettersOf(line.slice(0, index).replace(HIGH, '')).length;
      const at = before === 0 ? (starts[found] ?? markdown.length) : (ends[found + before - 1] ?? 0);
      const opens = before > 0 && /\s$/.test(line.slice(0, index));
      const closes = before === 0 && /^\s|^$/.test(line.slice(index + high.length));
      // The first reader leaves a blank in the gap.
      const joins = before > 0 && /^\S/.test(line.slice(index + high.length));
      inserts.push({ at, text: `${opens ? ' ' : ''}${high}${closes ? ' ' : ''}`, joins });
    }
  }
  let text = '';
  let end = 0;
  for (const { at, text: high, joins } of inserts.toSorted((a, b) => a.at - b.at)) {
    text += markdown.slice(end, at) + high;
    end = joins && markdown[at] === ' ' ? at + 1 : at;
  }
  return text + markdown.slice(end);
}

import { isAscii, isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import chardet from 'chardet';

import { ProcessorError, unsupported } from '../../errors.ts';
import { CYRILLIC, encodingsByLetters } from './common-letters.ts';
import { normalise } from '../normalise.ts';

/** No encoding needs more bytes for a UTF-16 code unit. */
const MAX_BYTES_PER_CHAR = 4;
/** The detector's time grows with what it sees, and it sees enough in this much. */
const SAMPLE_BYTES = 64 * 1024;
/** Of fewer bytes beyond ASCII the detector makes anything; nearly always they are Western European. */
const MIN_EVIDENCE_BYTES = 10;
/** Greek, Hebrew and Arabic, for which the detector is heard, though not by a whisper: some of it looks like Cyrillic. */
const OTHER_ALPHABETS = /^(?:ISO-8859-[678]|windows-125[356])/;
const MIN_CONFIDENCE = 10;
/** A UTF-8 text may be damaged; in another encoding nearly nothing beyond ASCII would be UTF-8. */
const MAX_DAMAGE = 1 / 3;
/** UTF-16 has at least this share of zeros; in other encodings they are accidents. */
const MIN_ZERO_SHARE = 0.02;
/** Text has next to no characters that are none; anything else has many. */
const MAX_JUNK_SHARE = 0.01;

/** Markup names its encoding early: XML at its very start, HTML among the first tags. */
const DECLARATION_BYTES = 4096;
const XML_ENCODING = /^\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([\w.:-]+)/i;
const META_CHARSET = /<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([\w.:-]+)/i;

/** Other than Japanese at its full width: letters and signs of half the width are single bytes, as é is elsewhere. */
const NOT_JAPANESE = /[^\p{Script=Han}\u3000-\u30ff\uff01-\uff60]/u;
const SYLLABLE = /[\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** What a decoder puts for bytes it cannot decode. */
const REPLACEMENT = 0xfffd;
const BYTE_ORDER_MARK = 0xfeff;
const MAX_CODE_POINT = 0x10ffff;
/** Backspace, tab, line feed, form feed, carriage return, escape. */
const TEXT_CONTROLS = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d, 0x1b]);

/**
 * Reads a text file in whatever encoding it is.
 * @returns the normalised text, and the encoding by its WHATWG name, or `utf-32le`
 * @throws {ProcessorError} `text_too_long`; `no_text` where all is blank; `unsupported_type` where it is no text
 */
export async function readTextFile(
  path: string,
  maxTextChars: number,
): Promise<{ text: string; encoding: string }> {
  const { size } = await stat(path);
  if (size > maxTextChars * MAX_BYTES_PER_CHAR) throw new ProcessorError('text_too_long');
  const decoded = decodeText(await readFile(path));
  if (!/\S/.test(decoded.text)) throw new ProcessorError('no_text');
  return decoded;
}

/**
 * Decodes a text in whatever encoding it is.
 * @returns the normalised text, and the encoding by its WHATWG name, or `utf-32le`
 * @throws {ProcessorError} `unsupported_type` where it is no text
 */
function decodeText(bytes: Buffer): { text: string; encoding: string } {
  const wide = decodeUtf32(bytes);
  if (wide !== undefined) return { text: normalise(wide), encoding: 'utf-32le' };
  const decoder = new TextDecoder(encodingOf(bytes));
  const text = decoder.decode(bytes);
  if (isJunk(text)) throw unsupported();
  return { text: normalise(text), encoding: decoder.encoding };
}

/** Text in UTF-32, which no other decoder here knows; undefined where the bytes are none. */
function decodeUtf32(bytes: Buffer): string | undefined {
  if (bytes.length % 4 !== 0 || bytes.length < 8 || bytes.readUInt32LE(0) !== BYTE_ORDER_MARK)
    return undefined;
  let text = '';
  for (let at = 4; at < bytes.length; at += 4) {
    const codePoint = bytes.readUInt32LE(at);
    if (codePoint > MAX_CODE_POINT) return undefined;
    text += String.fromCodePoint(codePoint);
  }
  return text;
}

/**
 * The label of a text's encoding: by its byte order mark, else UTF-8 where the bytes can hardly be anything else,
 * else as markup declares, else whatever fits the bytes best.
 */
export function encodingOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const zeros = bytes.subarray(0, SAMPLE_BYTES).includes(0);
  if (zeros) return unmarkedUtf16(bytes) ?? 'utf-8';
  if (switchesToJapanese(bytes)) return 'iso-2022-jp';
  const wellFormed = isUtf8(bytes);
  if (wellFormed && !isAscii(bytes)) return 'utf-8';
  // Some encodings switch alphabets with escape sequences, all in ASCII.
  const declared = declaredEncoding(bytes);
  if (declared !== undefined && decodes(bytes, declared)) return declared;
  return wellFormed || isDamagedUtf8(tellingSample(bytes)) ? 'utf-8' : detected(bytes);
}

/** An encoding of ASCII bytes alone, in which escape sequences switch to Japanese and back. */
function switchesToJapanese(bytes: Buffer): boolean {
  const escape = bytes.indexOf('\x1b$B');
  return (
    escape !== -1 && bytes.indexOf('\x1b(', escape) !== -1 && isAscii(bytes) && decodes(bytes, 'iso-2022-jp')
  );
}

function declaredEncoding(bytes: Buffer): string | undefined {
  const start = bytes.toString('latin1', 0, DECLARATION_BYTES);
  if (!start.trimStart().startsWith('<')) return undefined;
  const label = (XML_ENCODING.exec(start) ?? META_CHARSET.exec(start))?.[1];
  // What could be read as ASCII so far is no UTF-16, whatever it says.
  return label !== undefined && !/^utf-?16/i.test(label) ? label : undefined;
}

function isDamagedUtf8(bytes: Buffer): boolean {
  const beyondAscii = bytes.toString('utf8').match(/[^\0-\x7f]/gu) ?? [];
  const damaged = beyondAscii.filter((char) => char.charCodeAt(0) === REPLACEMENT);
  return damaged.length <= beyondAscii.length * MAX_DAMAGE;
}

/** In UTF-16 the zeros of Latin letters, or at least of spaces and line ends, are all in one half of each pair. */
function unmarkedUtf16(bytes: Buffer): string | undefined {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  let even = 0;
  let odd = 0;
  for (const [at, byte] of sample.entries()) {
    if (byte !== 0) continue;
    if (at % 2 === 0) even++;
    else odd++;
  }
  const [most, least, encoding] = even > odd ? [even, odd, 'utf-16be'] : [odd, even, 'utf-16le'];
  const regular = most >= sample.length * MIN_ZERO_SHARE && least <= most / 4;
  return regular && decodes(bytes, encoding) ? encoding : undefined;
}

function detected(bytes: Buffer): string {
  if (isShiftJis(bytes)) return 'shift_jis';
  const sample = tellingSample(bytes);
  const fits = (encoding: string) => decodes(bytes, encoding);
  const isTelling = sample.filter((byte) => byte > 0x7f).length >= MIN_EVIDENCE_BYTES;
  const guess = isTelling ? chardet.analyse(sample).find(({ name }) => fits(name)) : undefined;
  const byLetters = encodingsByLetters(tellingSample(bytes, 1)).find(fits);
  if (byLetters === undefined) return guess?.name ?? 'windows-1252';
  const isDoubtful = guess && OTHER_ALPHABETS.test(guess.name) && guess.confidence >= MIN_CONFIDENCE;
  return isDoubtful && CYRILLIC.includes(byLetters) ? guess.name : byLetters;
}

/** Japanese syllables stand out in few bytes, too: the signs that they would be elsewhere hardly any text has. */
function isShiftJis(bytes: Buffer): boolean {
  if (!decodes(bytes, 'shift_jis')) return false;
  const beyondAscii = new TextDecoder('shift_jis').decode(bytes).replace(/[\0-\x7f]/g, '');
  return !NOT_JAPANESE.test(beyondAscii) && SYLLABLE.test(beyondAscii);
}

/**
 * What begins with the first byte beyond ASCII: all before it looks alike in any encoding, and English.
 * @param before so many bytes more, which show whether a word begins there
 */
function tellingSample(bytes: Buffer, before = 0): Buffer {
  const first = bytes.findIndex((byte) => byte > 0x7f);
  return bytes.subarray(Math.max(0, first - before), first + SAMPLE_BYTES);
}

function decodes(bytes: Buffer, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return true;
  } catch {
    // Not its bytes, or not an encoding that can be decoded here.
    return false;
  }
}

/** Whether there are many characters that no text has: undecodable ones, and controls that neither set nor colour it. */
function isJunk(text: string): boolean {
  let junk = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code < 0x20 && !TEXT_CONTROLS.has(code)) || code === 0x7f || code === REPLACEMENT) junk++;
  }
  // One is an accident, however short the text.
  return junk > Math.max(1, text.length * MAX_JUNK_SHARE);
}

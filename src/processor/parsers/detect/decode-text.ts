import { isAscii, isUtf8 } from 'node:buffer';
import { stat } from 'node:fs/promises';
import chardet from 'chardet';

import { ProcessorError, unsupported } from '../../errors.ts';
import { CYRILLIC, encodingsByLetters } from './common-letters.ts';
import { bytesOf, type DocumentFile } from '../document-file.ts';
import { normalize } from '../normalize.ts';

/** Most bytes that any encoding needs for a UTF-16 code unit. */
const MAX_BYTES_PER_CHAR = 4;
/** Bytes that the detector sees. Its time grows with them, and these suffice. */
const SAMPLE_BYTES = 64 * 1024;
/** Least bytes beyond ASCII for the detector. With fewer it guesses, and the text is nearly always Western European. */
const MIN_EVIDENCE_BYTES = 10;
/** Greek, Hebrew and Arabic. Some of their text looks like Cyrillic, so a detector that is sure enough decides. */
const OTHER_ALPHABETS = /^(?:ISO-8859-[678]|windows-125[356])/;
const MIN_CONFIDENCE = 10;
/** Largest damaged share of a UTF-8 text. In another encoding nearly all characters beyond ASCII would be damaged. */
const MAX_DAMAGE = 1 / 3;
/** Least share of zeros in UTF-16. In other encodings zeros are accidents. */
const MIN_ZERO_SHARE = 0.02;
/** Largest share of characters that do not belong in text. Binary data has more. */
const MAX_JUNK_SHARE = 0.01;

/** Bytes in which markup names its encoding: XML at its start, HTML among the first tags. */
const DECLARATION_BYTES = 4096;
const XML_ENCODING = /^\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([\w.:-]+)/i;
const META_CHARSET = /<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([\w.:-]+)/i;

/** Matches all but full-width Japanese. Half-width letters are single bytes, as é is in other encodings. */
const NOT_JAPANESE = /[^\p{Script=Han}\u3000-\u30ff\uff01-\uff60]/u;
const SYLLABLE = /[\p{Script=Hiragana}\p{Script=Katakana}]/u;

/** Character that a decoder puts for undecodable bytes. */
const REPLACEMENT = 0xfffd;
const BYTE_ORDER_MARK = 0xfeff;
const MAX_CODE_POINT = 0x10ffff;
/** Backspace, tab, line feed, form feed, carriage return, escape. */
const TEXT_CONTROLS = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d, 0x1b]);

/**
 * Reads a text file in any encoding.
 * @returns the normalized text, and the encoding by its WHATWG name, or `utf-32le`
 * @throws {ProcessorError} `text_too_long`; `no_text` if all is blank; `unsupported_type` if it is no text
 */
export async function readTextFile(
  file: DocumentFile,
  maxTextChars: number,
): Promise<{ text: string; encoding: string }> {
  const size = typeof file === 'string' ? (await stat(file)).size : file.length;
  if (size > maxTextChars * MAX_BYTES_PER_CHAR) throw new ProcessorError('text_too_long');
  const decoded = decodeText(await bytesOf(file));
  if (!/\S/.test(decoded.text)) throw new ProcessorError('no_text');
  return decoded;
}

/**
 * Decodes a text in any encoding.
 * @returns the normalized text, and the encoding by its WHATWG name, or `utf-32le`
 * @throws {ProcessorError} `unsupported_type` if it is no text
 */
function decodeText(bytes: Buffer): { text: string; encoding: string } {
  const wide = decodeUtf32(bytes);
  if (wide !== undefined) return { text: normalize(wide), encoding: 'utf-32le' };
  const decoder = new TextDecoder(encodingOf(bytes));
  const text = decoder.decode(bytes);
  if (isJunk(text)) throw unsupported();
  return { text: normalize(text), encoding: decoder.encoding };
}

/** Decodes UTF-32, which `TextDecoder` does not know. Returns undefined for other bytes. */
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

/** Decodes a text in any encoding that `TextDecoder` knows. */
export function decoded(bytes: Buffer): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

/**
 * Determines a text's encoding. The order of evidence: byte order mark, valid UTF-8, declaration in markup, best fit of
 * the bytes.
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

/** Returns whether ASCII escape sequences switch to Japanese and back, as in ISO-2022-JP. */
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
  // Text that reads as ASCII is no UTF-16, even if it says so.
  return label !== undefined && !/^utf-?16/i.test(label) ? label : undefined;
}

function isDamagedUtf8(bytes: Buffer): boolean {
  const beyondAscii = bytes.toString('utf8').match(/[^\0-\x7f]/gu) ?? [];
  const damaged = beyondAscii.filter((char) => char.charCodeAt(0) === REPLACEMENT);
  return damaged.length <= beyondAscii.length * MAX_DAMAGE;
}

/**
 * Detects UTF-16 without a mark. Zeros of Latin letters, spaces and line ends stand in one half of each pair. Zeros at
 * the end tell nothing, because programs end a text of any encoding with one.
 */
function unmarkedUtf16(bytes: Buffer): string | undefined {
  let sample = bytes.subarray(0, SAMPLE_BYTES);
  while (sample.at(-1) === 0) sample = sample.subarray(0, -1);
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

/** Detects short Japanese texts. In other encodings the bytes of syllables are signs that hardly any text has. */
function isShiftJis(bytes: Buffer): boolean {
  if (!decodes(bytes, 'shift_jis')) return false;
  const beyondAscii = new TextDecoder('shift_jis').decode(bytes).replace(/[\0-\x7f]/g, '');
  return !NOT_JAPANESE.test(beyondAscii) && SYLLABLE.test(beyondAscii);
}

/**
 * Returns the bytes from the first one beyond ASCII, because bytes before it look alike in any encoding.
 * @param before number of earlier bytes to include, which show whether a word begins there
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
    // The bytes do not fit the encoding, or `TextDecoder` does not know it.
    return false;
  }
}

/** Returns whether a text has many undecodable characters and controls that no text uses. */
function isJunk(text: string): boolean {
  let junk = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code < 0x20 && !TEXT_CONTROLS.has(code)) || code === 0x7f || code === REPLACEMENT) junk++;
  }
  // One such character is an accident, even in a short text.
  return junk > Math.max(1, text.length * MAX_JUNK_SHARE);
}

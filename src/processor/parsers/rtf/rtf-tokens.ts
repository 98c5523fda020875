/** A piece of an RTF file. */
export type RtfToken =
  | { type: 'open' }
  | { type: 'close' }
  /** A control word, or a control symbol such as `~`. */
  | { type: 'control'; word: string; value: number | undefined }
  /** Bytes of text, in the encoding of their font. `isRaw` if the file does not spell them in ASCII. */
  | { type: 'text'; bytes: Uint8Array; isRaw: boolean };

const OPEN = 0x7b;
const CLOSE = 0x7d;
const BACKSLASH = 0x5c;
const QUOTE = 0x27;
const STAR = 0x2a;
const SPACE = 0x20;
const MINUS = 0x2d;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** Longest control word, in letters. */
const MAX_WORD = 32;
/** Each byte by itself, because a file may spell all its letters by codes. */
const SINGLE_BYTES = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
const NO_BYTES = new Uint8Array();

/**
 * Yields the tokens of an RTF file in order. It passes over line ends, binary data, and each `\*` that does not begin
 * its group. OpenOffice writes such marks before character styles.
 */
export function* rtfTokens(rtf: Buffer): Generator<RtfToken> {
  let at = 0;
  while (at < rtf.length) {
    const byte = rtf[at];
    if (byte === OPEN || byte === CLOSE) {
      yield { type: byte === OPEN ? 'open' : 'close' };
      at++;
    } else if (byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === 0) at++;
    else if (byte !== BACKSLASH) {
      const from = at;
      while (at < rtf.length && isText(rtf[at])) at++;
      const bytes = rtf.subarray(from, at);
      yield { type: 'text', bytes, isRaw: true };
    } else if (isLetter(rtf[at + 1])) {
      const { word, value, end } = controlWord(rtf, at + 1);
      at = word === 'bin' ? end + Math.max(value ?? 0, 0) : end;
      yield { type: 'control', word, value };
    } else if (rtf[at + 1] === QUOTE) {
      const code = Number.parseInt(rtf.toString('latin1', at + 2, at + 4), 16);
      at += 4;
      if (!Number.isNaN(code)) yield { type: 'text', bytes: SINGLE_BYTES[code] ?? NO_BYTES, isRaw: false };
    } else {
      const symbol = rtf[at + 1] ?? SPACE;
      at += 2;
      // Escaped signs of the format itself are text.
      if (symbol === OPEN || symbol === CLOSE || symbol === BACKSLASH)
        yield { type: 'text', bytes: SINGLE_BYTES[symbol] ?? NO_BYTES, isRaw: false };
      else if (symbol !== STAR || beginsGroup(rtf, at - 2))
        yield { type: 'control', word: String.fromCharCode(symbol), value: undefined };
    }
  }
}

/** Returns whether only line ends stand between the beginning of a group and a place. */
function beginsGroup(rtf: Buffer, place: number): boolean {
  let at = place - 1;
  while (rtf[at] === LINE_FEED || rtf[at] === CARRIAGE_RETURN) at--;
  return rtf[at] === OPEN;
}

function controlWord(rtf: Buffer, from: number): { word: string; value: number | undefined; end: number } {
  let end = from;
  while (isLetter(rtf[end]) && end - from < MAX_WORD) end++;
  const word = rtf.toString('latin1', from, end);
  const digits = rtf[end] === MINUS ? end + 1 : end;
  let last = digits;
  while (isDigit(rtf[last])) last++;
  const value = last > digits ? Number(rtf.toString('latin1', end, last)) : undefined;
  if (last > digits) end = last;
  return { word, value, end: rtf[end] === SPACE ? end + 1 : end };
}

function isText(byte = 0): boolean {
  return (
    byte !== OPEN &&
    byte !== CLOSE &&
    byte !== BACKSLASH &&
    byte !== LINE_FEED &&
    byte !== CARRIAGE_RETURN &&
    byte !== 0
  );
}

function isLetter(byte = 0): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a);
}

function isDigit(byte = 0): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Bytes before the first attribute: the mark and a key. */
const HEADER_BYTES = 6;
/** Places of an attribute's size and data, behind its level and id, and the size of its checksum. In bytes. */
const ATTRIBUTE = { size: 5, data: 9, checksum: 2 };
export const LEVELS = { message: 1, attachment: 2 };

/** First id of the properties that have a name before their values. */
const FIRST_NAMED = 0x8000;
/** Size of the interface's id before a name, the kind of names that are numbers, and their size. In bytes. */
const NAME = { interfaceBytes: 16, isNumber: 0, numberBytes: 4 };
/** Types of values of any length. */
const OBJECT = 0x0d;
export const TEXT = 0x1e;
export const WIDE_TEXT = 0x1f;
const BINARY = 0x0102;
/** Bit of a type with many values. */
const MANY = 0x1000;
/** Bytes of a value, by the types of a fixed length. */
const FIXED_BYTES = new Map([
  [0x02, 2],
  [0x03, 4],
  [0x04, 4],
  [0x05, 8],
  [0x06, 8],
  [0x07, 8],
  [0x0a, 4],
  [0x0b, 2],
  [0x14, 8],
  [0x40, 8],
  [0x48, 16],
]);
/** Size in bytes of the interface's id with which an object begins. */
const INTERFACE_BYTES = 16;

interface Attribute {
  level: number;
  id: number;
  data: Buffer;
}

/** A value of MAPI. */
export interface Property {
  type: number;
  bytes: Buffer;
}

/**
 * Yields the attributes of a mail in Outlook's own wrapping. It ends at junk, which some programs write behind them.
 * @throws {RangeError} if the file is cut off
 */
export function* attributes(file: Buffer): Generator<Attribute> {
  let at = HEADER_BYTES;
  while (at + ATTRIBUTE.data <= file.length) {
    const level = file.readUInt8(at);
    if (level !== LEVELS.message && level !== LEVELS.attachment) return;
    const bytes = file.readUInt32LE(at + ATTRIBUTE.size);
    yield { level, id: file.readUInt16LE(at + 1), data: slice(file, at + ATTRIBUTE.data, bytes) };
    at += ATTRIBUTE.data + bytes + ATTRIBUTE.checksum;
  }
}

/**
 * Reads the properties of an attribute, by id. It takes the first of many values. It ends at a value of unknown length.
 * @throws {RangeError} if the attribute is cut off
 */
export function properties(data: Buffer): Map<number, Property> {
  const found = new Map<number, Property>();
  let at = 4;
  for (let left = data.readUInt32LE(0); left > 0; left--) {
    const [type, id] = [data.readUInt16LE(at) & ~MANY, data.readUInt16LE(at + 2)];
    const isMany = (data.readUInt16LE(at) & MANY) !== 0;
    at += 4;
    if (id >= FIRST_NAMED) at = endOfName(data, at);
    const fixed = FIXED_BYTES.get(type);
    if (fixed === undefined && ![OBJECT, TEXT, WIDE_TEXT, BINARY].includes(type)) return found;
    let values = 1;
    if (isMany || fixed === undefined) {
      values = data.readUInt32LE(at);
      at += 4;
    }
    for (let value = 0; value < values; value++) {
      const size = fixed ?? data.readUInt32LE(at);
      if (fixed === undefined) at += 4;
      const bytes = slice(data, at, size);
      if (value === 0)
        found.set(id, { type, bytes: type === OBJECT ? bytes.subarray(INTERFACE_BYTES) : bytes });
      at += padded(size);
    }
  }
  return found;
}

function endOfName(data: Buffer, at: number): number {
  const kind = data.readUInt32LE(at + NAME.interfaceBytes);
  const start = at + NAME.interfaceBytes + 4;
  return start + NAME.numberBytes + (kind === NAME.isNumber ? 0 : padded(data.readUInt32LE(start)));
}

function slice(data: Buffer, at: number, bytes: number): Buffer {
  if (at + bytes > data.length) throw new RangeError('a part ends beyond the file');
  return data.subarray(at, at + bytes);
}

/** Rounds a size up to the next value, because values begin at multiples of four bytes. */
function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

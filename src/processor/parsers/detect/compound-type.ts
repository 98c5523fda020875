import { ProcessorError } from '../../errors.ts';
import type { DocumentType } from './document-types.ts';

/** Places in the header, in bytes. Sectors count from the one after it. */
const HEADER = { sectorPower: 30, directory: 48, firstTable: 76 };
const HEADER_BYTES = 512;

/** Size of an entry of the directory, in bytes. Its name comes first, in UTF-16. */
const ENTRY_BYTES = 128;
const ROOT = 'Root Entry';
const ENCRYPTED = 'EncryptedPackage';
/** Names of streams that tell the type. A document may hold another one, whose entries come after its own. */
const STREAMS: readonly [name: string, type: DocumentType | undefined][] = [
  ['WordDocument', 'doc'],
  ['Workbook', 'xls'],
  ['Book', 'xls'],
  // Some programs other than Excel write capitals.
  ['WORKBOOK', 'xls'],
  ['BOOK', 'xls'],
  ['__properties_version1.0', 'msg'],
  ['PowerPoint Document', undefined],
  // Publisher.
  ['Quill', undefined],
];
/** Place and bit of the flag of an encrypted Word document, after the stream's mark. */
const WORD_MARK = Buffer.from([0xec, 0xa5]);
const SECTOR_BYTES = 512;
const FLAGS_AT = 0x0a;
const ENCRYPTED_FLAG = 0x0100;

/**
 * Detects the type of an OLE compound file by its directory. Returns undefined for one that no parser reads.
 * @throws {ProcessorError} `encrypted`; `corrupt` if the file is cut off before its directory
 */
export function compoundType(bytes: Buffer): DocumentType | undefined {
  if (isCutOff(bytes)) throw new ProcessorError('corrupt');
  const root = Math.max(0, entryAt(bytes, ROOT, 0));
  if (entryAt(bytes, ENCRYPTED, root) !== -1) throw new ProcessorError('encrypted');
  const found = STREAMS.map(([name, type]) => ({ type, at: entryAt(bytes, name, root) }));
  const [first] = found.filter(({ at }) => at !== -1).toSorted((a, b) => a.at - b.at);
  if (first?.type === 'doc' && isEncryptedWord(bytes)) throw new ProcessorError('encrypted');
  return first?.type;
}

/** Returns whether the directory, or the first table of sectors, begins beyond the end. */
function isCutOff(bytes: Buffer): boolean {
  if (bytes.length < HEADER_BYTES) return true;
  const sectorBytes = 2 ** (bytes.readUInt16LE(HEADER.sectorPower) & 0x0f);
  const ends = [HEADER.directory, HEADER.firstTable].map((at) => (bytes.readUInt32LE(at) + 2) * sectorBytes);
  return ends.some((end) => end > bytes.length);
}

/** Returns the place of the entry of a name, or -1. */
function entryAt(bytes: Buffer, name: string, from: number): number {
  const pattern = Buffer.from(`${name}\0`, 'utf16le');
  let at = bytes.indexOf(pattern, from);
  while (at !== -1 && at % ENTRY_BYTES !== 0) at = bytes.indexOf(pattern, at + 1);
  return at;
}

/** The stream begins in a sector of its own. */
function isEncryptedWord(bytes: Buffer): boolean {
  for (let at = SECTOR_BYTES; at + FLAGS_AT + 2 <= bytes.length; at += SECTOR_BYTES) {
    if (bytes.subarray(at, at + 2).equals(WORD_MARK)) {
      return (bytes.readUInt16LE(at + FLAGS_AT) & ENCRYPTED_FLAG) !== 0;
    }
  }
  return false;
}

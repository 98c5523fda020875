import { open } from 'node:fs/promises';
import { extname } from 'node:path';

import { ProcessorError, unsupported } from '../../errors.ts';
import { bytesOf, type DocumentFile } from '../document-file.ts';
import { decoded } from './decode-text.ts';
import { isBinary, typeOfExtension, typeOfMediaType, type DocumentType } from './document-types.ts';
import { HTML_PART, textType, XML_ROOT } from './text-type.ts';
import { compoundType } from './compound-type.ts';
import { zipType } from './zip-type.ts';

export interface DocumentSource {
  path: DocumentFile;
  /** Name from the uploader. It may tell the type, and is never used as a path. */
  filename: string;
  /** Media type from the uploader. */
  mediaType: string;
}

/** Bytes to look at: enough to reach an HTML tag, and for the head of a mail. */
const HEAD_BYTES = 4096;
/** Most bytes of junk before the header of a PDF. */
const MAX_PDF_JUNK_BYTES = 1024;

const ZIP = 'PK\x03\x04';
/** Container of Office files up to 2003, and of newer encrypted ones. */
const COMPOUND_FILE = '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1';

/** First bytes, as Latin-1, that alone tell a type. */
const STARTS: readonly [start: RegExp, type: DocumentType][] = [
  [/^\{\\rtf/, 'rtf'],
  [/^\x78\x9f\x3e\x22/, 'tnef'],
  [/^\x89PNG\r\n/, 'png'],
  [/^\xff\xd8\xff/, 'jpeg'],
  [/^(?:II\*\0|MM\0\*)/, 'tiff'],
  [/^RIFF[^]{4}WEBP/, 'webp'],
];

/** First bytes, as Latin-1, of types that no parser reads, with their names for people. */
const SIGNATURES: readonly [start: string, name: string][] = [
  ['PK\x05\x06', 'an empty ZIP archive'],
  ['GIF87a', 'a GIF image'],
  ['GIF89a', 'a GIF image'],
  ['ID3\x03', 'a sound'],
  ['ID3\x04', 'a sound'],
  ['OggS', 'a sound'],
  ['%!PS', 'a PostScript document'],
  ['AT&TFORM', 'a DjVu document'],
  ['\x1f\x8b', 'a gzip archive'],
  ['BZh9', 'a bzip2 archive'],
  ['\xfd7zXZ', 'an xz archive'],
  ['7z\xbc\xaf', 'a 7-Zip archive'],
  ['Rar!\x1a', 'a RAR archive'],
  ['\x7fELF', 'a program'],
  ['SQLite format 3\0', 'a database'],
];

/** Names for people of types that no parser reads. */
const UNSUPPORTED_EXTENSIONS: Readonly<Record<string, string>> = {
  '.ppt': 'an old PowerPoint presentation. Save it as .pptx',
  '.xlsb': 'a binary Excel workbook. Save it as .xlsx',
};

/**
 * Detects a file's type by its content, else by its name, else by the declared media type. Decoding shows later
 * whether a text file is text.
 * @throws {ProcessorError} `unsupported_type` with the type's name, if known; `no_text` for an empty file; `encrypted`;
 *   `corrupt` for a file that is cut off, or not what its name says
 */
export async function detectType({ path, filename, mediaType }: DocumentSource): Promise<DocumentType> {
  const bytes = await readHead(path);
  const head = bytes.toString('latin1');
  if (head === '') throw new ProcessorError('no_text');
  const extension = extensionOf(filename);
  const byName = typeOfExtension(extension);
  const oldName = UNSUPPORTED_EXTENSIONS[extension];

  const pdfHeader = head.slice(0, MAX_PDF_JUNK_BYTES).indexOf('%PDF-');
  // A text may quote the header. It makes a .txt a PDF only at the start.
  if (pdfHeader === 0 || (pdfHeader > 0 && (!byName || byName === 'pdf'))) return 'pdf';
  if (head.startsWith(ZIP)) {
    const type = zipType(await bytesOf(path));
    if (type) return type;
    throw unsupported(oldName ?? 'a ZIP archive');
  }
  if (head.startsWith(COMPOUND_FILE)) {
    const type = compoundType(await bytesOf(path));
    if (type) return type;
    throw unsupported(oldName ?? 'an old Office document');
  }
  const known = STARTS.find(([start]) => start.test(head));
  if (known) return known[1];
  const signature = SIGNATURES.find(([start]) => head.startsWith(start));
  if (signature) throw unsupported(signature[1]);

  const start = decoded(bytes);
  const byContent = textType(start);
  if (byContent) return byContent;
  // Programs export text tables under a workbook's name, so that a spreadsheet program opens them.
  if (extension === '.xls') return 'csv';
  // Others write plain text under a document's name, or graphs in the language DOT under a template's name.
  if (extension === '.doc' || extension === '.dot') return 'text';
  if (byName) {
    if (isBinary(byName)) throw new ProcessorError('corrupt');
    return byName;
  }
  const declared = typeOfMediaType(mediaType);
  if (declared && !isBinary(declared)) return declared;
  if (XML_ROOT.test(start)) return 'xml';
  return HTML_PART.test(start) ? 'html' : 'text';
}

/** Returns a name's extension in lower case with its dot, or ''. */
function extensionOf(filename: string): string {
  const extension = extname(filename).toLowerCase();
  return /^\.[a-z0-9]{1,10}$/.test(extension) ? extension : '';
}

async function readHead(path: DocumentFile): Promise<Buffer> {
  if (typeof path !== 'string') return path.subarray(0, HEAD_BYTES);
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES);
  return buffer.subarray(0, bytesRead);
}

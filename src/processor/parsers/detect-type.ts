import { open } from 'node:fs/promises';
import { extname } from 'node:path';

import { DOCUMENT_ERRORS } from '../../contract/processor.ts';
import { ProcessorError } from '../errors.ts';
import type { DocumentSource } from './document.ts';

export type DocumentType = 'pdf' | 'markdown' | 'text';

/** A PDF may have junk before its header, but not more than this. */
const HEAD_BYTES = 1024;

/** How files begin that are not text, and what a person calls them. Bytes as Latin-1. */
const SIGNATURES: readonly [start: string, name: string][] = [
  ['PK\x03\x04', 'a ZIP archive'],
  ['PK\x05\x06', 'an empty ZIP archive'],
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'an old or password-protected Office document'],
  ['{\\rtf', 'an RTF document'],
  ['\x89PNG\r\n', 'a PNG image'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['GIF87a', 'a GIF image'],
  ['GIF89a', 'a GIF image'],
  ['II*\0', 'a TIFF image'],
  ['MM\0*', 'a TIFF image'],
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

const EXTENSIONS: Readonly<Record<string, DocumentType>> = {
  '.md': 'markdown',
  '.markdown': 'markdown',
  '.mdown': 'markdown',
  '.txt': 'text',
  '.text': 'text',
  '.log': 'text',
};

/** What a person calls files of types that are known but not read. */
const UNSUPPORTED_EXTENSIONS: Readonly<Record<string, string>> = {
  '.docx': 'a Word document',
  '.doc': 'a Word document',
  '.pptx': 'a PowerPoint presentation',
  '.ppt': 'a PowerPoint presentation',
  '.xlsx': 'an Excel workbook',
  '.xls': 'an Excel workbook',
  '.odt': 'an OpenDocument text',
  '.ods': 'an OpenDocument spreadsheet',
  '.odp': 'an OpenDocument presentation',
  '.epub': 'an EPUB book',
  '.rtf': 'an RTF document',
  '.html': 'an HTML page',
  '.htm': 'an HTML page',
  '.xhtml': 'an HTML page',
  '.xml': 'an XML document',
  '.csv': 'a CSV table',
  '.tsv': 'a TSV table',
  '.json': 'a JSON document',
  '.eml': 'an e-mail',
  '.msg': 'an e-mail',
};

const MEDIA_TYPES: Readonly<Record<string, DocumentType>> = {
  'text/markdown': 'markdown',
  'text/x-markdown': 'markdown',
  'text/plain': 'text',
};

/**
 * Tells what a file is: by its content, else by its name, else by what its uploader declared. Whether a file
 * taken for text is text shows when it is decoded.
 * @throws {ProcessorError} `unsupported_type`, naming the type where it is known; `no_text` for an empty
 *   file; `corrupt` for a .pdf that is none
 */
export async function detectType({ path, filename, mediaType }: DocumentSource): Promise<DocumentType> {
  const head = await readHead(path);
  if (head === '') throw new ProcessorError('no_text');
  const extension = extensionOf(filename);

  const pdfHeader = head.indexOf('%PDF-');
  // A text may speak of the header; only at the very start does it make a .txt a PDF.
  if (pdfHeader === 0 || (pdfHeader > 0 && EXTENSIONS[extension] === undefined)) return 'pdf';
  const signature = SIGNATURES.find(([start]) => head.startsWith(start));
  if (signature) throw unsupported(UNSUPPORTED_EXTENSIONS[extension] ?? signature[1]);
  if (/^\s*<(?:!doctype html|html)\b/i.test(head)) throw unsupported('an HTML page');

  const byName = EXTENSIONS[extension];
  if (byName) return byName;
  if (extension === '.pdf') throw new ProcessorError('corrupt');
  const known = UNSUPPORTED_EXTENSIONS[extension];
  if (known) throw unsupported(known);

  const declared = MEDIA_TYPES[mediaType.toLowerCase()];
  if (declared) return declared;
  if (extension === '') return 'text';
  throw unsupported(`a ${extension} file`);
}

/** The file cannot be read; `name` says what it is, as a person would: "a Word document". */
export function unsupported(name?: string): ProcessorError {
  const detail = DOCUMENT_ERRORS.unsupported_type;
  return new ProcessorError('unsupported_type', {
    detail: name === undefined ? detail : `${detail} It seems to be ${name}.`,
  });
}

/** Lower case, with its dot; '' where the name has none that looks like one. */
function extensionOf(filename: string): string {
  const extension = extname(filename).toLowerCase();
  return /^\.[a-z0-9]{1,10}$/.test(extension) ? extension : '';
}

async function readHead(path: string): Promise<string> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES);
  return buffer.toString('latin1', 0, bytesRead);
}

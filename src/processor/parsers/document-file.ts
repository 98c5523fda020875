import { readFile } from 'node:fs/promises';

/** A document's file by its path, or the bytes of one within another document. A child may write no files. */
export type DocumentFile = string | Buffer;

/** Returns the bytes of a file. */
export async function bytesOf(file: DocumentFile): Promise<Buffer> {
  return typeof file === 'string' ? readFile(file) : file;
}

import { open, type FileHandle } from 'node:fs/promises';

import { BlobNotFoundError } from './blob-paths.ts';

/** Errors for a path that names no file. */
const NOWHERE = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EISDIR']);

/**
 * Opens an original.
 * @returns its handle, which the caller MUST close, and its size in bytes
 * @throws {BlobNotFoundError} if the path names no file
 */
export async function openBlob(path: string): Promise<{ file: FileHandle; size: number }> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    if (!NOWHERE.has((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    throw new BlobNotFoundError('the file is no longer in the store', { cause });
  }
  const stat = await file.stat();
  if (stat.isFile()) return { file, size: stat.size };
  await file.close();
  throw new BlobNotFoundError('the key names no file');
}

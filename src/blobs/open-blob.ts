import { createReadStream } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline, type Readable } from 'node:stream';

import { BlobNotFoundError } from './blob-paths.ts';
import { BlobChangedError, verifyContent, type KnownContent } from './verify-content.ts';

/** Names bytes of a file, from the first to the last of them. */
export interface ByteRange {
  /** Place of the first byte, from 0. */
  start: number;
  /** Place of the last byte. */
  end: number;
}

/** An original that is open for reading. Exactly one of `stream` and `close` MUST be called, once. */
export interface OpenedBlob {
  /** In bytes. */
  readonly size: number;
  /**
   * Streams the original, and closes its file at the end or when the stream is destroyed. The stream fails with a
   * {@link BlobChangedError} unless it has carried the uploaded bytes ({@link verifyContent}).
   * @param range limits the stream to a part. The hash covers only the whole, so a part is compared by length alone
   */
  stream(range?: ByteRange): Readable;
  close(): Promise<void>;
}

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

/**
 * Opens an original, and compares its size with the upload.
 * @param known size and hash from the upload
 * @throws {BlobNotFoundError} if the path names no file
 * @throws {BlobChangedError} if its size differs
 */
export async function openKnownBlob(path: string, known: KnownContent): Promise<OpenedBlob> {
  const { file, size } = await openBlob(path);
  if (known.size !== undefined && known.size !== size) {
    await file.close();
    throw new BlobChangedError(`the file has ${size} bytes, and not ${known.size}`);
  }
  return {
    size,
    stream(range = { start: 0, end: size - 1 }) {
      const length = range.end - range.start + 1;
      const stream = verifyContent(length, length === size ? known : {});
      // The stream reports every failure to its reader. Closing it early closes the file.
      pipeline(createReadStream(path, { fd: file, ...(length < size && range) }), stream, () => {});
      return stream;
    },
    close: () => file.close(),
  };
}

/**
 * Opens a new file for writing. Makes a tenant's folder only after an open fails, because it exists for all but the first
 * blob. It never makes the store's own folder, because a lost mount must not be written to in its place.
 */
export async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path)).catch((failure: NodeJS.ErrnoException) => {
      if (failure.code !== 'EEXIST') throw failure;
    });
    return open(path, 'wx');
  }
}

import { BlobNotFoundError } from '../blobs/blob-paths.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { OpenedBlob } from '../blobs/open-blob.ts';
import { openOriginal, type StoreProver } from '../blobs/open-original.ts';
import { BlobChangedError } from '../blobs/verify-content.ts';
import { AppError } from '../errors.ts';
import type { StoredDocument } from './registry.ts';

/**
 * Opens the original of a document.
 * @returns the opened file, which the caller MUST stream or close
 * @throws {AppError} as {@link contentProblem}
 */
export async function openContent(
  { file_key, size, content_hash }: Pick<StoredDocument, 'file_key' | 'size' | 'content_hash'>,
  { blobs, installation }: { blobs: BlobStore; installation: StoreProver },
): Promise<OpenedBlob> {
  // Another program may have registered the document without a size. No upload is empty.
  const known = { size: size || undefined, contentHash: content_hash };
  try {
    return await openOriginal(installation, () => blobs.open(file_key, known), 0);
  } catch (error) {
    throw contentProblem(error);
  }
}

/**
 * Maps a failed read of an original to the client's problem.
 * @returns `file_gone` if the original is missing or changed, else `storage_unavailable`
 */
export function contentProblem(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  if (cause instanceof BlobNotFoundError) return new AppError('file_gone', undefined, { cause });
  if (cause instanceof BlobChangedError)
    return new AppError('file_gone', 'The stored file is not the one that was uploaded.', { cause });
  return new AppError('storage_unavailable', 'The original cannot be read now.', { cause });
}

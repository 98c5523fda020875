import { join, resolve, sep } from 'node:path';

/** What is put behind a blob's path for its manifest, and for the folder of its checkpoint. */
export const MANIFEST = '.json';
export const CHECKPOINT = '.checkpoint';
/** The folder of the manifests whose jobs have ended. */
export const ENDED = '.ended';

/** Thrown for a key that names nothing inside the store. */
export class BlobNotFoundError extends Error {
  override name = 'BlobNotFoundError';
}

/**
 * Where a blob is. Keys come from job hashes, which other programs may write: none may lead out of the folder,
 * or to our own files.
 * @param root the store's folder
 * @throws {BlobNotFoundError}
 */
export function blobPath(root: string, key: string): string {
  const path = resolve(root, key);
  const ours =
    path.endsWith(MANIFEST) ||
    `${path}${sep}`.includes(CHECKPOINT + sep) ||
    `${path}${sep}`.startsWith(join(root, ENDED) + sep);
  if (key.includes('\0') || ours || !path.startsWith(root + sep)) {
    throw new BlobNotFoundError('the key leads out of the store');
  }
  return path;
}

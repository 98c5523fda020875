import { join, resolve, sep } from 'node:path';

import { INSTALLATION_FILE } from '../installation/blob-identity.ts';

/** Suffixes of a blob's path for its manifest, and for the folder of its checkpoint. */
export const MANIFEST = '.json';
export const CHECKPOINT = '.checkpoint';
/** Folder of the end notes: how each job ended. */
export const ENDS = '.ends';
/** Folder in which an older version kept the manifests of ended jobs for a day. */
export const OLDER_ENDS = '.ended';
/** Folder of files that no store explains. */
export const TRASH = 'trash';

/** Reports a key that names no file inside the store. */
export class BlobNotFoundError extends Error {
  override name = 'BlobNotFoundError';
}

/** Returns whether a tenant's folder may have this name. Hidden folders, the trash and `lost+found` are none. */
export function isTenantFolder(name: string): boolean {
  return !name.startsWith('.') && name !== TRASH && name !== 'lost+found';
}

/**
 * Returns the path of a blob. The key must not lead out of the folder or to Sluice's own files, because other programs
 * may have written it.
 * @param root the store's folder
 * @throws {BlobNotFoundError}
 */
export function blobPath(root: string, key: string): string {
  const path = resolve(root, key);
  const [folder = ''] = path.slice(root.length + 1).split(sep);
  const ours =
    path.endsWith(MANIFEST) ||
    path + MANIFEST === join(root, INSTALLATION_FILE) ||
    `${path}${sep}`.includes(CHECKPOINT + sep) ||
    !isTenantFolder(folder);
  if (key.includes('\0') || ours || !path.startsWith(root + sep)) {
    throw new BlobNotFoundError('the key leads out of the store');
  }
  return path;
}

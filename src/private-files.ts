import { chmod, lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { LOCK_FILES, UNFINISHED } from './embedded/lock.ts';
import { ifExists } from './if-exists.ts';
import { INSTALLATION_FILE } from './installation/blob-identity.ts';
import type { Logger } from './logging/logger.ts';

/** The permissions of a group and of all others. */
const OTHERS = 0o077;
/** Marks a folder such as `/tmp`, in which all users make files. */
const SHARED = 0o1000;
/** Folders and files that Sluice makes in DATA_DIR. Sluice does not change others there. */
const OURS = [
  'blobs',
  'chroma',
  'keywords',
  'logs',
  'processor',
  'redis',
  LOCK_FILES.lock,
  LOCK_FILES.guard,
  `${LOCK_FILES.guard}-journal`,
  UNFINISHED,
];

/** Denies other users all files that this process and its children create from now on. MUST run first. */
export function makeFilesPrivate(): void {
  process.umask(OTHERS);
}

/**
 * Denies other users the files of DATA_DIR and BLOB_STORE. Older versions left them readable. Skips files of other users,
 * and a BLOB_STORE without an installation file. Only warns if the file system refuses, because a read-only store must
 * not end the start.
 */
export async function tightenFiles(
  { dataDir, blobStore }: { dataDir: string; blobStore: string },
  logger: Logger,
): Promise<void> {
  try {
    for (const name of OURS) await tightenTree(join(dataDir, name));
    await tightenRoot('DATA_DIR', dataDir, logger);
    if ((await ifExists(lstat(join(blobStore, INSTALLATION_FILE)))) === undefined) return;
    for (const name of (await ifExists(readdir(blobStore))) ?? []) await tightenTree(join(blobStore, name));
    await tightenRoot('BLOB_STORE', blobStore, logger);
  } catch (error) {
    logger.warn('files of an older version may still be readable for other users', { error });
  }
}

async function tightenRoot(setting: string, path: string, logger: Logger): Promise<void> {
  const status = await ifExists(stat(path));
  if (!status) return;
  if (isOwn(status) && (status.mode & SHARED) === 0) await tighten(path, status.mode);
  else logger.warn('other users can list this folder: give Sluice a folder of its own', { setting, path });
}

/**
 * Changes a folder after its contents. So a private folder holds only private files, and a later start skips the files of
 * each private folder. There may be a million.
 */
async function tightenTree(path: string): Promise<void> {
  const status = await ifExists(lstat(path));
  if (!status || !isOwn(status) || status.isSymbolicLink()) return;
  if (status.isDirectory()) {
    const isPrivate = (status.mode & OTHERS) === 0;
    for (const entry of (await ifExists(readdir(path, { withFileTypes: true }))) ?? [])
      if (!isPrivate || entry.isDirectory()) await tightenTree(join(path, entry.name));
  }
  await tighten(path, status.mode);
}

async function tighten(path: string, mode: number): Promise<void> {
  if ((mode & OTHERS) !== 0) await ifExists(chmod(path, mode & 0o7777 & ~OTHERS));
}

function isOwn({ uid }: { uid: number }): boolean {
  return uid === process.geteuid?.();
}

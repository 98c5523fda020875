import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { DataLock, LOCK_FILES, UNFINISHED } from '../embedded/lock.ts';
import { ifExists } from '../if-exists.ts';
import type { Logger } from '../logging/logger.ts';
import { BLOBS, SNAPSHOT, type Head } from './archive-format.ts';
import { readArchive } from './archive-reader.ts';
import { BackupError } from './backup-error.ts';
import type { Progress } from './progress.ts';

const BASE = 'appendonly.aof.1.base.rdb';

/**
 * Unpacks a backup into an empty data folder. It reads and checks the whole backup before it writes anything. Chroma
 * stays empty: the next start indexes every document again from its original.
 * @param path of the backup
 * @throws {BackupError} with the next step for the operator; the folders are empty then
 */
export async function restore(
  { dataDir, blobStore }: { dataDir: string; blobStore: string },
  path: string,
  progress: Progress,
  logger: Logger,
): Promise<Head & { restored: number }> {
  await requireEmpty('DATA_DIR', dataDir);
  await requireEmpty('BLOB_STORE', blobStore);
  const { head, files, bytes } = await check(path);
  progress.begin(files, bytes);
  const lock = await DataLock.acquire(dataDir, logger);
  try {
    // Another restore may have filled the folder before this one got the lock.
    const ours = (name: string) => name.startsWith(LOCK_FILES.guard) || name.startsWith(LOCK_FILES.lock);
    if (!(await namesIn('DATA_DIR', dataDir)).every(ours)) {
      throw new BackupError(`DATA_DIR ${dataDir} is not empty any more: restore into an empty folder.`);
    }
    const unfinished = join(dataDir, UNFINISHED);
    await writeFile(unfinished, 'A restore was cut off here. Empty this folder and restore again.\n', {
      flag: 'wx',
    });
    try {
      await unpack(path, dataDir, blobStore, progress);
    } catch (error) {
      await rm(join(dataDir, 'redis'), { recursive: true, force: true });
      for (const name of await readdir(blobStore).catch(() => [])) {
        await rm(join(blobStore, name), { recursive: true, force: true });
      }
      await rm(unfinished);
      throw error;
    }
    await rm(unfinished);
  } finally {
    lock.release();
  }
  return { ...head, restored: files };
}

async function requireEmpty(setting: string, folder: string): Promise<void> {
  const names = await namesIn(setting, folder);
  if (names.includes(LOCK_FILES.lock)) {
    throw new BackupError(`A Sluice uses or used ${setting} ${folder}: restore into an empty folder.`);
  }
  // Files of an old lock hold no data.
  if (!names.every((name) => name.startsWith(LOCK_FILES.guard))) {
    throw new BackupError(`${setting} ${folder} is not empty: restore into an empty folder.`);
  }
}

async function namesIn(setting: string, folder: string): Promise<string[]> {
  const names = await ifExists(readdir(folder)).catch((error: Error) => {
    throw new BackupError(`${setting} ${folder} cannot be read: ${error.message}`);
  });
  return names ?? [];
}

/** Checks the whole backup, so that `restore` writes nothing of an incomplete one. */
async function check(path: string): Promise<{ head: Head; files: number; bytes: number }> {
  const entries = readArchive(path);
  let files = 0;
  let bytes = 0;
  let snapshot = false;
  for (;;) {
    const { done, value } = await entries.next();
    if (done) {
      if (!snapshot) throw new BackupError(`${path} holds no snapshot of Redis. Use another backup.`);
      return { head: value, files, bytes };
    }
    if (value.name === SNAPSHOT) snapshot = true;
    else files++;
    for await (const part of value.content) bytes += part.length;
  }
}

async function unpack(path: string, dataDir: string, blobStore: string, progress: Progress): Promise<void> {
  const appendOnly = join(dataDir, 'redis', 'appendonlydir');
  let files = 0;
  await mkdir(blobStore, { recursive: true });
  for await (const { name, mtime, content } of readArchive(path)) {
    // With an append-only file Redis ignores `dump.rdb`. It reads a snapshot that the manifest names as the base.
    const to = name === SNAPSHOT ? join(appendOnly, BASE) : join(blobStore, name.slice(BLOBS.length));
    await mkdir(dirname(to), { recursive: true });
    await pipeline(noted(content, progress), createWriteStream(to, { flags: 'wx' }));
    // Keeps the file's date, because sweeps decide by age.
    await utimes(to, mtime, mtime);
    if (name !== SNAPSHOT) progress.files(++files);
  }
  await writeFile(join(appendOnly, 'appendonly.aof.manifest'), `file ${BASE} seq 1 type b\n`);
}

async function* noted(content: AsyncIterable<Buffer>, progress: Progress): AsyncGenerator<Buffer> {
  for await (const part of content) {
    progress.bytes(part.length);
    yield part;
  }
}

import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { CHECKPOINT, isTenantFolder, MANIFEST, TRASH } from '../blobs/blob-paths.ts';
import { ifExists } from '../if-exists.ts';

/** Groups files that belong together, by their paths in the blob store: a manifest precedes its original. */
export interface FileGroup {
  manifest?: string;
  file?: string;
}

/**
 * Lists the blob store's files for a backup. It leaves out the trash, and checkpoints, which workers make again.
 * @param root the store's folder
 */
export async function* listGroups(root: string): AsyncGenerator<FileGroup> {
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const { name } = entry;
    if (entry.isFile()) yield { file: name };
    else if (!entry.isDirectory() || name === TRASH) continue;
    else if (isTenantFolder(name)) yield* groupsOf(root, name);
    // Such a folder holds notes of how jobs ended.
    else if (name.startsWith('.')) yield* filesBelow(root, name);
  }
}

async function* groupsOf(root: string, tenant: string): AsyncGenerator<FileGroup> {
  const names = new Set((await readdir(join(root, tenant))).filter((name) => !name.endsWith(CHECKPOINT)));
  for (const name of names) {
    const manifest = `${name}${MANIFEST}`;
    if (name.endsWith(MANIFEST)) {
      // An original comes with its manifest.
      if (!names.has(name.slice(0, -MANIFEST.length))) yield { manifest: `${tenant}/${name}` };
    } else {
      yield { file: `${tenant}/${name}`, ...(names.has(manifest) && { manifest: `${tenant}/${manifest}` }) };
    }
  }
}

async function* filesBelow(root: string, folder: string): AsyncGenerator<FileGroup> {
  for (const entry of await readdir(join(root, folder), { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) yield { file: join(entry.parentPath, entry.name).slice(root.length + 1) };
  }
}

/**
 * Opens a group of files: reads its manifest, and opens its file, which the caller MUST close. Returns `undefined` when
 * one is gone, because Sluice refused the upload or deleted the document.
 */
export async function openGroup(root: string, { manifest, file }: FileGroup) {
  const openBoth = async () => ({
    manifest: manifest === undefined ? undefined : await readWithTime(join(root, manifest)),
    file: file === undefined ? undefined : await open(join(root, file), 'r'),
  });
  return ifExists(openBoth());
}

async function readWithTime(path: string): Promise<{ bytes: Buffer; mtime: Date }> {
  await using file = await open(path, 'r');
  return { mtime: (await file.stat()).mtime, bytes: await file.readFile() };
}

/** Counts the files that {@link listGroups} finds, and their bytes. */
export async function measure(root: string): Promise<{ files: number; bytes: number }> {
  let files = 0;
  let bytes = 0;
  for await (const { manifest, file } of listGroups(root)) {
    for (const path of [manifest, file]) {
      if (path === undefined) continue;
      files++;
      // Skips a file that is gone since the listing.
      bytes += (await stat(join(root, path)).catch(() => undefined))?.size ?? 0;
    }
  }
  return { files, bytes };
}

import type { FolderEntry } from '../api.ts';

/** A `FileSystemEntry` of a browser. */
interface Entry extends FolderEntry {
  file?(take: (file: File) => void, fail: (error: unknown) => void): void;
  createReader?(): { readEntries(take: (entries: Entry[]) => void, fail: (error: unknown) => void): void };
}

/** Lists all files of dropped files and folders, at any depth. */
export async function listFiles(entries: readonly FolderEntry[]): Promise<File[]> {
  const files: File[] = [];
  for (const entry of entries as readonly Entry[]) {
    if (entry.isFile) files.push(await new Promise<File>((resolve, reject) => entry.file?.(resolve, reject)));
    else files.push(...(await listFiles(await childrenOf(entry))));
  }
  return files;
}

async function childrenOf(folder: Entry): Promise<Entry[]> {
  const reader = folder.createReader?.();
  const children: Entry[] = [];
  while (reader) {
    // A browser lists 100 at a time, and none at the end.
    const some = await new Promise<Entry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    children.push(...some);
  }
  return children;
}

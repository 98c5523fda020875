import { mkdir, open } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { ifExists } from '../if-exists.ts';

/**
 * Creates a folder and its parents below a root, but never the root. Otherwise it would make a new store in the place of
 * a missing mount.
 * @throws `ENOENT` if the root is missing
 */
export async function makeFolder(root: string, path: string): Promise<void> {
  let folder = root;
  for (const name of relative(root, path).split(sep)) {
    folder = join(folder, name);
    await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** Flushes a folder's entries. Another process may remove an empty folder. */
export async function flushFolder(path: string): Promise<void> {
  const folder = await ifExists(open(path, 'r'));
  if (!folder) return;
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

import { copyFile, link, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

import { ifExists } from '../if-exists.ts';
import { makeFolder } from './make-folder.ts';

/** Tries to put a file into its folder: a missing folder, and one that another process removes at once, cost one each. */
const MOST_TRIES = 3;

/** Gives a file a second name, unless it exists. Copies the file on a file system without links. */
export async function addName(root: string, from: string, to: string): Promise<void> {
  await inFolder(root, to, async () => {
    await link(from, to).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return;
      if (error.code === 'ENOENT') throw error;
      await copyFile(from, to);
    });
  });
}

/** Moves a file that may be gone. */
export async function moveFile(root: string, from: string, to: string): Promise<void> {
  await inFolder(root, to, () => rename(from, to));
}

/** Puts a file into a folder that may be missing, or that another process removes because it is empty. */
async function inFolder(root: string, to: string, put: () => Promise<void>): Promise<void> {
  const putOnce = async () => {
    await put();
    return true;
  };
  // Tries first, because the folder exists for all but the first file of an epoch.
  for (let tries = 0; tries < MOST_TRIES && !(await ifExists(putOnce())); tries++)
    await makeFolder(root, dirname(to));
}

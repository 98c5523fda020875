import { mkdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

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

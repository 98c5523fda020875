import { open } from 'node:fs/promises';
import { join } from 'node:path';

import type { FileGroup } from './stored-files.ts';

/**
 * Opens a group of files. Returns `undefined` when one is gone, because its upload was refused or its document
 * deleted.
 */
export async function openGroup(root: string, { manifest, file }: FileGroup) {
  const opened = new AsyncDisposableStack();
  try {
    const described = manifest === undefined ? undefined : await readWithTime(join(root, manifest));
    const handle = file === undefined ? undefined : await open(join(root, file), 'r');
    if (handle) opened.defer(() => handle.close());
    const disposer = opened.move();
    return {
      manifest: described,
      file: handle,
      [Symbol.asyncDispose]: () => disposer.disposeAsync(),
    };
  } catch (error) {
    await opened.disposeAsync();
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

async function readWithTime(path: string): Promise<{ bytes: Buffer; mtime: Date }> {
  const file = await open(path, 'r');
  try {
    return { mtime: (await file.stat()).mtime, bytes: await file.readFile() };
  } finally {
    await file.close();
  }
}

import { access } from 'node:fs/promises';

import { InstallationError } from '../../../src/installation/installation-error.ts';
import type { StoreProver } from '../../../src/blobs/open-original.ts';

/** Proves a blob store as long as its folder exists. */
export function folderProver(folder: string): StoreProver {
  return {
    proveBlobs: () =>
      access(folder).catch((cause: unknown) => {
        throw new InstallationError(`the folder is away: ${String(cause)}`);
      }),
  };
}

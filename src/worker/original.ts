import { setTimeout as sleep } from 'node:timers/promises';

import type { Installation } from '../installation/installation.ts';
import { BlobNotFoundError } from '../uploads/blob-paths.ts';

/** A network file system may show a file late that another machine has written. */
const SECOND_LOOK_MS = 2000;

type Prover = Pick<Installation, 'proveBlobs'>;

/**
 * Opens a job's original. A file that is missing is looked for twice, and the store is proved each time.
 * @throws {InstallationError} where the store is not proved; {@link BlobNotFoundError} where it is, at both looks
 */
export async function openOriginal<T>(
  installation: Prover,
  open: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const look = () => suspectingStore(installation, open);
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof BlobNotFoundError)) throw error;
    await sleep(SECOND_LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    return look();
  }
}

/**
 * Reads an original. A failure is the store's until the store is proved: a folder that is not mounted holds no file.
 * @throws {InstallationError} in place of the file's error, unless the store is proved
 */
export async function suspectingStore<T>(installation: Prover, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BlobNotFoundError || isSystemError(error)) await installation.proveBlobs();
    throw error;
  }
}

/** What a file system answers, such as EIO or ESTALE; sockets' errors are explained before they get here. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

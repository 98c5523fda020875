import { setTimeout as sleep } from 'node:timers/promises';

import type { Installation } from '../installation/installation.ts';
import { BlobNotFoundError } from '../uploads/blob-paths.ts';

/** Delay before the second look in ms. A network file system may show another machine's file late. */
const SECOND_LOOK_MS = 2000;

type Prover = Pick<Installation, 'proveBlobs'>;

/**
 * Opens a job's original. It looks twice for a missing file, and proves the store each time.
 * @throws {InstallationError} if the store is not proved; {@link BlobNotFoundError} if both looks find no file
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
 * Reads an original. A failure counts against the store until the store is proved, because an unmounted folder holds
 * no file.
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

/** Detects errors of a file system, such as EIO or ESTALE. Sockets' errors are explained before they get here. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

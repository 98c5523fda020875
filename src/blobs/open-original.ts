import { setTimeout as sleep } from 'node:timers/promises';

import type { Installation } from '../installation/installation.ts';
import { BlobNotFoundError } from './blob-paths.ts';

export type StoreProver = Pick<Installation, 'proveBlobs'>;

/**
 * Opens an original, or does another thing that needs its file. It looks twice for a missing file, and proves the store each time. A second look is due because
 * the store may return between the first look and its proof.
 * @param secondLookMs delay before the second look, in ms. With 0 a network file system that shows another machine's file
 * late counts it as missing
 * @throws {InstallationError} if the store is not proved; {@link BlobNotFoundError} if both looks find no file
 */
export async function openOriginal<T>(
  installation: StoreProver,
  use: () => Promise<T>,
  secondLookMs: number,
  signal?: AbortSignal,
): Promise<T> {
  const look = () => suspectingStore(installation, use);
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof BlobNotFoundError)) throw error;
    await sleep(secondLookMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
    return look();
  }
}

/**
 * Reads an original. A failure counts against the store until the store is proved, because an unmounted folder holds
 * no file.
 * @throws {InstallationError} in place of the file's error, unless the store is proved
 */
export async function suspectingStore<T>(installation: StoreProver, read: () => Promise<T>): Promise<T> {
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

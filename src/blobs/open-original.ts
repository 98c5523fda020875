import { setTimeout as sleep } from 'node:timers/promises';

import type { Installation } from '../installation/installation.ts';
import { BlobNotFoundError } from './blob-paths.ts';

export type StoreProver = Pick<Installation, 'proveBlobs'>;

/**
 * Runs an operation that needs an original's file. Looks twice for a missing file, and proves the store each time. The
 * store may return between the first look and its proof.
 * @param secondLookMs delay before the second look, in ms. A network file system may show another machine's file late.
 * With 0 such a file counts as missing
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

/** Detects errors of a file system, such as EIO or ESTALE. The processor's client has replaced errors of sockets. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

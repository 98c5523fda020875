import { AppError } from '../errors.ts';

/** Errors of a full disk or quota. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** Makes the error of a full disk. */
export function diskFull(cause: unknown): AppError {
  const detail =
    'Nothing was stored. Delete documents that you no longer need, or ask the operator for more disk space.';
  return new AppError('disk_full', detail, { cause });
}

/** Maps a failed write of an upload to the client's problem. */
export function storageProblem(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  if (FULL.has((cause as NodeJS.ErrnoException).code ?? '')) return diskFull(cause);
  return new AppError('storage_unavailable', undefined, { cause });
}

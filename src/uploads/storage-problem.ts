import { AppError } from '../errors.ts';

/** Errors of a full disk or quota. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** Reports a full disk. */
export function diskFull(cause: unknown): AppError {
  const detail =
    'Nothing was stored. Delete what is no longer needed, or ask the operator for more disk space.';
  return new AppError('disk_full', detail, { cause });
}

/** Maps a failed write of an upload to the client's problem. */
export function storageProblem(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  if (FULL.has((cause as NodeJS.ErrnoException).code ?? '')) return diskFull(cause);
  return new AppError('storage_unavailable', undefined, { cause });
}

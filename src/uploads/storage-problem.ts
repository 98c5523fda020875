import { AppError } from '../errors.ts';

/** Errors of a disk, or of a quota, that takes no more. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** Says that the disk takes no more. */
export function diskFull(cause: unknown): AppError {
  const detail =
    'Nothing was stored. Delete what is no longer needed, or ask the operator for more disk space.';
  return new AppError('disk_full', detail, { cause });
}

/** Says what a failed write of an upload means for its sender. */
export function storageProblem(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  if (FULL.has((cause as NodeJS.ErrnoException).code ?? '')) return diskFull(cause);
  return new AppError('storage_unavailable', undefined, { cause });
}

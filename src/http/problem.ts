import { problemResponse } from '../access/problem-response.ts';
import { ERROR_CODES, type ProblemCode } from '../contract/error-codes.ts';
import { AppError, DependencyError } from '../errors.ts';
import { LimitError } from '../limits/limit-error.ts';
import type { Logger } from '../logging/logger.ts';

/** Seconds after which a client may retry a 503. */
const RETRY_AFTER = '5';

/** Problem for each error code of a dependency. */
const DEPENDENCY_PROBLEMS: Record<string, ProblemCode> = {
  vector_store_unavailable: 'vector_store_unavailable',
  vector_store_damaged: 'vector_store_unavailable',
  vector_store_failed: 'vector_store_unavailable',
  vector_store_timeout: 'vector_store_unavailable',
  keywords_unavailable: 'keywords_unavailable',
  keywords_damaged: 'keywords_unavailable',
  keywords_failed: 'keywords_unavailable',
  keywords_timeout: 'keywords_unavailable',
  vector_store_refused: 'invalid_request',
  embedding_mismatch: 'embedding_mismatch',
};

/** Maps every error to an HTTP response (RFC 9457). It only logs what callers must not see. */
export function toProblemResponse(error: unknown, logger: Logger): Response {
  const known = toAppError(error);
  const { code, detail } = known;
  const [status, title] = ERROR_CODES[code].http;
  if (status >= 500) logger.error(title, { code, error: known.cause ?? error });
  const headers = known instanceof LimitError ? known.headers : {};
  return problemResponse(code, detail, status === 503 ? { 'retry-after': RETRY_AFTER } : headers);
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof DependencyError) {
    const code = DEPENDENCY_PROBLEMS[error.code] ?? 'processor_unavailable';
    return new AppError(code, ERROR_CODES[code].http[0] < 500 ? error.message : undefined, { cause: error });
  }
  if (isRedisAway(error)) return new AppError('queue_unavailable', undefined, { cause: error });
  return new AppError('internal', undefined, { cause: error });
}

/** Recognizes a Redis that is away. ioredis throws plain errors, which differ only in name and text. */
function isRedisAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === 'MaxRetriesPerRequestError' ||
    /^(Command timed out|Connection is closed|LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|OOM|MISCONF|BUSY)/.test(
      error.message,
    )
  );
}

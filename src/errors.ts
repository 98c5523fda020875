import { ERROR_CODES, type JobErrorCode, type ProblemCode } from './contract/error-codes.ts';
import type { ServiceCode } from './contract/processor.ts';

/**
 * An error that a caller of the API may see. `detail` is written for them: it never holds an internal name,
 * path or message. What caused it goes into `cause`, for the log.
 */
export class AppError extends Error {
  override name = 'AppError';
  readonly code: ProblemCode;
  readonly detail: string | undefined;

  constructor(code: ProblemCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? ERROR_CODES[code].http[1], options);
    this.code = code;
    this.detail = detail;
  }
}

/**
 * What a failed call to the processor or to Chroma means for the caller:
 * - `unreachable`: it never arrived; the other side is down. Waiting helps.
 * - `interrupted`: it was cut in the middle; the other side may have died of it.
 * - `crashed`: the other side answered that the document killed its parser.
 * - `transient`: it answered that it cannot now (5xx, 408, 429), or not in time.
 * - `permanent`: it answered that it never will.
 */
export type FailureKind = 'unreachable' | 'interrupted' | 'crashed' | 'transient' | 'permanent';

/** A code of ours, or of a service that has codes of its own. */
export type FailureCode = JobErrorCode | ServiceCode;

/** A failed call to the processor or to Chroma. `message` is fit for the job's owner to read. */
export class DependencyError extends Error {
  override name = 'DependencyError';
  readonly kind: FailureKind;
  readonly code: FailureCode;
  /** How long the other side asked to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: FailureKind,
    code: FailureCode,
    message: string,
    options?: ErrorOptions & { retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    this.kind = kind;
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

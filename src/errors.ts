import { ERROR_CODES, type JobErrorCode, type ProblemCode } from './contract/error-codes.ts';
import type { ServiceCode } from './contract/services/processor.ts';

/**
 * Reports a fault to a caller of the API. `detail` never holds an internal name, path or message. `cause` holds the
 * internal error, for the log.
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
 * Classifies a failed call to the processor or to Chroma.
 * - `unreachable`: the call never arrived, because the service is down. Waiting helps.
 * - `interrupted`: the connection ended during the call. The call may have killed the service.
 * - `crashed`: the service responded that the document killed its parser.
 * - `transient`: the service did not respond in time, or responded that it cannot now (5xx, 408, 429).
 * - `permanent`: the service responded that it never will.
 */
export type FailureKind = 'unreachable' | 'interrupted' | 'crashed' | 'transient' | 'permanent';

/** Code of Sluice, or of a service with codes of its own. */
export type FailureCode = JobErrorCode | ServiceCode;

/** Reports a failed call to the processor or to Chroma. The job's owner may read `message`. */
export class DependencyError extends Error {
  override name = 'DependencyError';
  readonly kind: FailureKind;
  readonly code: FailureCode;
  /** Pause in ms that the service asked for. */
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

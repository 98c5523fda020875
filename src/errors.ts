import { PROBLEMS, type ProblemCode } from './contract/problem.ts';

/**
 * An error that a caller of the API may see. `detail` is written for them: it never holds an internal name,
 * path or message. What caused it goes into `cause`, for the log.
 */
export class AppError extends Error {
  override name = 'AppError';
  readonly code: ProblemCode;
  readonly detail: string | undefined;

  constructor(code: ProblemCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? PROBLEMS[code].title, options);
    this.code = code;
    this.detail = detail;
  }
}

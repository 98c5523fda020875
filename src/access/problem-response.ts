import { ERROR_CODES, type ProblemCode } from '../contract/error-codes.ts';
import type { Problem } from '../contract/problem.ts';

/** Formats the problem of a code (RFC 9457). @param detail names the fault of this request */
export function problemBody(code: ProblemCode, detail?: string): string {
  const [status, title] = ERROR_CODES[code].http;
  const problem: Problem = {
    type: 'about:blank',
    title,
    status,
    code,
    ...(detail !== undefined && { detail }),
  };
  return JSON.stringify(problem);
}

/** Makes the response of a problem. */
export function problemResponse(
  code: ProblemCode,
  detail?: string,
  headers?: Readonly<Record<string, string>>,
): Response {
  const [status] = ERROR_CODES[code].http;
  const type = { 'content-type': 'application/problem+json' };
  return new Response(problemBody(code, detail), { status, headers: { ...type, ...headers } });
}

import * as v from 'valibot';

import { codesWith, ERROR_CODES, type CodesWith } from './error-codes.ts';

export type ProblemCode = CodesWith<{ http: object }>;
const PROBLEM_CODES = codesWith('http');

/** Lists every error of the HTTP API: its code, status and title. */
export const PROBLEMS = Object.fromEntries(
  PROBLEM_CODES.map((code) => {
    const [status, title] = ERROR_CODES[code].http;
    return [code, { status, title }];
  }),
) as Record<ProblemCode, { status: number; title: string }>;

/** The body of every HTTP error (RFC 9457), sent as `application/problem+json`. */
export const ProblemSchema = v.object({
  type: v.string(),
  title: v.string(),
  status: v.pipe(v.number(), v.integer()),
  code: v.picklist(PROBLEM_CODES),
  detail: v.optional(v.string()),
});
export type Problem = v.InferOutput<typeof ProblemSchema>;

/** Builds the problem of a code. @param detail names the fault of this request */
export function toProblem(code: ProblemCode, detail?: string): Problem {
  const { status, title } = PROBLEMS[code];
  return { type: 'about:blank', title, status, code, ...(detail !== undefined && { detail }) };
}

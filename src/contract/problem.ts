import * as v from 'valibot';

/** Code of a problem, as `error-codes.ts` lists it. Open, because clients accept codes that they do not know. */
export const ProblemCodeSchema = v.string();

/** The body of every HTTP error (RFC 9457), sent as `application/problem+json`. */
export const ProblemSchema = v.object({
  type: v.string(),
  title: v.string(),
  status: v.pipe(v.number(), v.integer()),
  code: ProblemCodeSchema,
  detail: v.optional(v.string()),
});
export type Problem = v.InferOutput<typeof ProblemSchema>;

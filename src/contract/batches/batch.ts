import * as v from 'valibot';

import { WholeNumberSchema, WellFormedSchema } from '../scalars.ts';

/** Most jobs of a batch. */
export const MAX_BATCH_JOBS = 10_000;
/** Longest name, in UTF-16 units. */
const MAX_NAME = 128;

/** Name of a batch, as the client chose it. It is part of an address, in which `.` and `..` have a meaning of their own. */
export const BatchNameSchema = v.pipe(
  WellFormedSchema,
  v.minLength(1, 'a batch needs a name'),
  v.maxLength(MAX_NAME, `the name of a batch has at most ${MAX_NAME} characters`),
  v.regex(/^[^\p{Cc}]*$/u, 'the name of a batch may not have control characters'),
  v.check((name) => name !== '.' && name !== '..', 'a batch may not be named . or ..'),
);

/**
 * The jobs of a batch in numbers, as `GET /api/batches/{name}` sends them. They include ended jobs that have expired. Times
 * are RFC 3339 in UTC with whole seconds.
 */
export const BatchViewSchema = v.object({
  batch: v.string(),
  /** When its first job joined. A Redis that lost all begins anew. */
  created_at: v.string(),
  /** When its last job joined, ended or changed its status. */
  updated_at: v.string(),
  total: WholeNumberSchema,
  /** Jobs by status. `failed` excludes the cancelled ones. */
  counts: v.object({
    queued: WholeNumberSchema,
    processing: WholeNumberSchema,
    retrying: WholeNumberSchema,
    completed: WholeNumberSchema,
    failed: WholeNumberSchema,
    cancelled: WholeNumberSchema,
  }),
  /** Sizes of the files. `done` counts those whose job has ended, whatever its outcome. */
  bytes: v.object({ total: WholeNumberSchema, done: WholeNumberSchema }),
  /**
   * Estimate in ms until the last job ends, by the bytes left and what completed runs cost. It counts no pause of a retry.
   * Absent for an ended batch, or while nothing is known.
   */
  time_left_ms: v.optional(WholeNumberSchema),
  /** Failed jobs by `error_code`. */
  failures: v.record(v.string(), WholeNumberSchema),
});
export type BatchView = v.InferOutput<typeof BatchViewSchema>;

/** Optional body of `POST /api/batches/{name}/cancel`. */
export const BatchCancelSchema = v.strictObject({
  /** The `next_cursor` of the call before. */
  cursor: v.optional(v.string()),
});

/** Optional body of `POST /api/batches/{name}/retry`. */
export const BatchRetrySchema = v.strictObject({
  ...BatchCancelSchema.entries,
  /** Retries the jobs with this code alone. */
  error_code: v.optional(v.pipe(v.string(), v.minLength(1, 'must not be empty'), v.maxLength(1024))),
});

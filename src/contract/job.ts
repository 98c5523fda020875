import * as v from 'valibot';

import { WholeNumberSchema } from './scalars.ts';

/** Every state of a job. The last two are terminal: final for the job's run. */
export const JOB_STATUSES = ['queued', 'processing', 'retrying', 'completed', 'failed'] as const;
export const JobStatusSchema = v.picklist(JOB_STATUSES);
export type JobStatus = v.InferOutput<typeof JobStatusSchema>;

/**
 * Lists how a run can end. A `cancelled` run has the status `failed` and this word as its `error_code`, because the
 * documented client stops at `completed` and `failed` only.
 */
export const OUTCOMES = ['completed', 'failed', 'cancelled'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The pipeline's stages, in the order they run. */
export const STAGES = ['parse', 'chunk', 'embed', 'store'] as const;
export const StageSchema = v.picklist(STAGES);
export type Stage = v.InferOutput<typeof StageSchema>;

/** Progress within a stage. A count only grows within an attempt. */
export const CountsSchema = v.object({
  pages_done: v.optional(WholeNumberSchema),
  pages_total: v.optional(WholeNumberSchema),
  /** Pages that are not blank, and that neither a reader nor OCR read. Absent if there are none. */
  pages_unread: v.optional(WholeNumberSchema),
  /** Hidden parts that were left out: stretches of text, rows, columns, sheets and slides. Absent if there are none. */
  hidden_left_out: v.optional(WholeNumberSchema),
  /** Pages that OCR has tried, and that it has to try. Absent for a document without such pages. */
  ocr_done: v.optional(WholeNumberSchema),
  ocr_total: v.optional(WholeNumberSchema),
  chunks_done: v.optional(WholeNumberSchema),
  chunks_total: v.optional(WholeNumberSchema),
});
export type Counts = v.InferOutput<typeof CountsSchema>;

/**
 * A job's error code: one of `error-codes.ts`, `http_` with a status, or any that a service, a program or an earlier version
 * wrote.
 */
export const JobErrorCodeSchema = v.string();

/** Result of a completed job, as documented. A job that embeds a collection again has none. */
export const JobResultSchema = v.object({
  document_id: v.string(),
  chunk_count: WholeNumberSchema,
  collection: v.string(),
  processing_time_ms: WholeNumberSchema,
  /** True if an earlier upload had made the same document. This job stored nothing. */
  duplicate: v.optional(v.literal(true)),
});
export type JobResult = v.InferOutput<typeof JobResultSchema>;

/** Services whose absence delays a running job. */
export const SERVICES = ['processor', 'embedder', 'vector_store', 'keyword_index'] as const;
export type Service = (typeof SERVICES)[number];

/** Why a job waits, as of `updated_at`. */
export const WaitingSchema = v.object({
  /**
   * `worker`: a free worker. `earlier_upload`: an upload of the same document, or of its name. `retry`: the next attempt.
   * `collection`: the job that embeds its collection again. Others: a service that is away.
   */
  what: v.picklist(['worker', 'earlier_upload', 'retry', 'collection', ...SERVICES]),
  /** Time of the next attempt. After this time the job waits for a worker. */
  at: v.optional(v.string()),
  /** Jobs that waited in the lane of this one when it was queued. */
  ahead: v.optional(WholeNumberSchema),
});
export type Waiting = v.InferOutput<typeof WaitingSchema>;

/**
 * The job view. Polling, WebSockets and event streams carry the same bytes. Keys have this schema's order. A field that does
 * not apply is absent, never null. Times are RFC 3339 in UTC with whole seconds, as in the documented examples.
 */
export const JobSchema = v.object({
  id: v.string(),
  type: v.string(),
  status: JobStatusSchema,
  /** A whole number from 0 to 100, as documented. */
  progress: v.pipe(WholeNumberSchema, v.maxValue(100)),
  message: v.string(),
  result: v.optional(JobResultSchema),
  error: v.optional(v.string()),
  error_code: v.optional(JobErrorCodeSchema),
  retry_count: v.optional(WholeNumberSchema),
  max_retries: v.optional(WholeNumberSchema),
  started_at: v.optional(v.string()),
  completed_at: v.optional(v.string()),
  /** Grows by at least 1 with every change, over all runs. */
  version: WholeNumberSchema,
  /** 1 for the first run. A manual retry starts the next one. */
  run: WholeNumberSchema,
  /** Number of times that a worker has claimed this run. */
  attempt: v.optional(WholeNumberSchema),
  /** Number of workers that were lost while they held this job. */
  stalls: v.optional(WholeNumberSchema),
  filename: v.optional(v.string()),
  collection: v.optional(v.string()),
  /** Name that the uploads of a batch share. */
  batch: v.optional(v.string()),
  /** Progress from 0 to 1 with four decimals, such as 0.7394 for 73 %. It only grows while a worker holds the job. */
  fraction: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  stage: v.optional(StageSchema),
  counts: v.optional(CountsSchema),
  created_at: v.optional(v.string()),
  updated_at: v.optional(v.string()),
  waiting_for: v.optional(WaitingSchema),
  /** Estimate in ms from `updated_at` to the job's end. Absent while it waits for a retry or an earlier upload, or nothing is known. */
  time_left_ms: v.optional(WholeNumberSchema),
});
export type Job = v.InferOutput<typeof JobSchema>;

/** What happened to a job, oldest first: its last 100 entries. */
export const TimelineSchema = v.object({
  events: v.array(
    v.object({
      /** Time in ms since 1970, by Redis' clock. */
      at_ms: WholeNumberSchema,
      status: JobStatusSchema,
      stage: v.optional(StageSchema),
      run: WholeNumberSchema,
      attempt: v.optional(WholeNumberSchema),
      message: v.string(),
      error_code: v.optional(JobErrorCodeSchema),
    }),
  ),
});
export type Timeline = v.InferOutput<typeof TimelineSchema>;

/** Returns whether a state is terminal. The run then never changes again. */
export function isTerminal(status: JobStatus): status is 'completed' | 'failed' {
  return status === 'completed' || status === 'failed';
}

/** Returns the outcome of a job's run; `undefined` while the run goes on. */
export function outcomeOf({
  status,
  error_code,
}: {
  status: JobStatus;
  error_code?: string | undefined;
}): Outcome | undefined {
  if (!isTerminal(status)) return undefined;
  return status === 'failed' && error_code === 'cancelled' ? 'cancelled' : status;
}

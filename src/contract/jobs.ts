import * as v from 'valibot';

import { PageQuerySchema } from './documents.ts';
import { JOB_STATUSES, JobSchema } from './job.ts';
import { WholeNumberSchema } from './scalars.ts';
import { CollectionNameSchema } from './upload.ts';

export const JobQuerySchema = v.object({
  ...PageQuerySchema.entries,
  status: v.optional(
    v.pipe(
      v.picklist([...JOB_STATUSES, 'cancelled']),
      v.description('`failed` includes the cancelled jobs; `cancelled` names only those.'),
    ),
  ),
  collection: v.optional(CollectionNameSchema),
});
export type JobQuery = v.InferOutput<typeof JobQuerySchema>;

/** Longest wait that a request may ask for, in seconds. The api ends the wait after `HEARTBEAT_MS` at the latest. */
export const MAX_WAIT_SECONDS = 55;

export const JobWaitSchema = v.object({
  /** Seconds to wait for another state than the one named in `If-None-Match`, `HEARTBEAT_MS` at most. */
  wait: v.optional(
    v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number), v.maxValue(MAX_WAIT_SECONDS)),
    '0',
  ),
});

export const JobListSchema = v.object({ jobs: v.array(JobSchema), next_cursor: v.optional(v.string()) });

/** Statistics of the queue, as `GET /api/stats` and `/metrics` send them. Times in ms. */
export const StatsSchema = v.object({
  queue_depth: WholeNumberSchema,
  /** Jobs that wait for their next attempt. */
  delayed: WholeNumberSchema,
  in_flight: WholeNumberSchema,
  active: WholeNumberSchema,
  /** Generations whose dead chunks wait for deletion. */
  cleanups: WholeNumberSchema,
  /** Documents that miss chunks in the vector store. */
  documents_incomplete: WholeNumberSchema,
  /** Generations in Chroma whose document Redis did not know at the last comparison. */
  orphan_generations: WholeNumberSchema,
  /** Ended runs since the first ever. `failed` excludes the cancelled ones. */
  completed: WholeNumberSchema,
  failed: WholeNumberSchema,
  cancelled: WholeNumberSchema,
  /** Share of completed among completed and failed runs, without cancelled ones. Absent before the first. */
  success_rate: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  /** Percentiles of the last 1,000 completed runs. Absent before the first. */
  processing_time_ms: v.optional(v.object({ p50: v.number(), p90: v.number(), p99: v.number() })),
  /** Wait of the next job. Absent if no job waits. */
  oldest_waiting_ms: v.optional(WholeNumberSchema),
});
export type Stats = v.InferOutput<typeof StatsSchema>;

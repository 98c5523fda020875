import * as v from 'valibot';

import { BatchNameSchema } from './batches/batch.ts';
import { PageQuerySchema } from './documents.ts';
import { JOB_STATUSES, JobSchema } from './job.ts';
import { ProblemCodeSchema } from './problem.ts';
import { WholeNumberSchema } from './scalars.ts';
import { CollectionNameSchema } from './upload.ts';

/** Most values of one filter. */
const MAX_VALUES = 50;
/** Longest error code or file name of a filter, in UTF-16 units. Sluice cuts the name of an upload at 255 characters. */
const MAX_TEXT = 1024;
/** Most jobs that one call changes. */
export const MAX_CHANGED = 1000;
const STATUS_WORDS = [...JOB_STATUSES, 'cancelled'] as const;

const FilterText = v.pipe(v.string(), v.minLength(1, 'must not be empty'), v.maxLength(MAX_TEXT));

/* @__NO_SIDE_EFFECTS__ */ function listOf<const S extends v.GenericSchema<string, string>>(item: S) {
  return v.pipe(v.array(item), v.minLength(1, 'must name at least one value'), v.maxLength(MAX_VALUES));
}

/** Makes a schema of a time in UTC. Its output has ms since 1970. */
/* @__NO_SIDE_EFFECTS__ */ function timeOf(description: string) {
  return v.pipe(
    v.string(),
    v.check(isTime, 'must be a time in UTC, such as 2026-11-28T20:36:54Z'),
    v.metadata({ format: 'date-time', description }),
    v.transform(Date.parse),
  );
}

function isTime(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text)) return false;
  const ms = Date.parse(text);
  // `Date.parse` takes 30 February for 2 March.
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19) === text.slice(0, 19);
}

/** Filters that take several values: a list in JSON, separated by commas in a query string. */
export const JOB_FILTER_LISTS = {
  status: listOf(
    v.pipe(
      v.picklist(STATUS_WORDS, `must be one of: ${STATUS_WORDS.join(', ')}`),
      v.description('`failed` includes the cancelled jobs; `cancelled` names only those.'),
    ),
  ),
  error_code: listOf(FilterText),
};

/** Filters that take one value, the same in JSON and in a query string. */
const JOB_FILTER_VALUES = {
  collection: CollectionNameSchema,
  filename: v.pipe(FilterText, v.description('The exact name.')),
  batch: BatchNameSchema,
  created_after: timeOf('Made at this time or later. Redis stores whole seconds.'),
  created_before: timeOf('Made earlier than this time. Redis stores whole seconds.'),
};

/** A filter of jobs. A job matches if it matches each named field. A field with several values matches any of them. */
const JobFilterSchema = v.partial(v.object({ ...JOB_FILTER_LISTS, ...JOB_FILTER_VALUES }));
export type JobFilter = v.InferOutput<typeof JobFilterSchema>;
export const JOB_FILTER_FIELDS = Object.keys(JobFilterSchema.entries) as (keyof JobFilter)[];

/** Returns whether a filter names a field. A filter without one matches every job. */
export function isFiltered(filter: JobFilter): boolean {
  return JOB_FILTER_FIELDS.some((name) => filter[name] !== undefined);
}

/* @__NO_SIDE_EFFECTS__ */ function commaSeparated<const S extends v.GenericSchema<string[], string[]>>(
  list: S,
) {
  return v.pipe(
    v.string(),
    v.transform((text) => text.split(',')),
    list,
  );
}

export const JobSortSchema = v.picklist(['newest', 'oldest']);
export type JobSort = v.InferOutput<typeof JobSortSchema>;

/** Query string of `GET /api/jobs`. */
export const JobQuerySchema = v.object({
  ...PageQuerySchema.entries,
  ...v.partial(
    v.object({
      ...({
        status: commaSeparated(JOB_FILTER_LISTS.status),
        error_code: commaSeparated(JOB_FILTER_LISTS.error_code),
      } satisfies Record<keyof typeof JOB_FILTER_LISTS, unknown>),
      ...JOB_FILTER_VALUES,
    }),
  ).entries,
  sort: v.optional(v.pipe(JobSortSchema, v.description('By creation. `newest` by default.'))),
  total: v.optional(
    v.pipe(
      v.picklist(['true', 'false']),
      v.description('`true` also counts the jobs of all pages.'),
      v.transform((text) => text === 'true'),
    ),
  ),
});
export type JobQuery = v.InferOutput<typeof JobQuerySchema>;

/** Most jobs that one read names. Their UUIDs still fit the 8 KiB that proxies take as an address. */
export const MAX_NAMED_JOBS = 200;
/** The list of named jobs. An id has no comma in it here, because commas divide the list. */
export const JobIdsSchema = v.pipe(
  v.array(v.pipe(v.string(), v.minLength(1, 'must not be empty'), v.maxLength(128))),
  v.maxLength(MAX_NAMED_JOBS, `must name at most ${MAX_NAMED_JOBS} jobs`),
);
/* @__NO_SIDE_EFFECTS__ */ function namedJobs(description: string) {
  return v.pipe(
    v.string(),
    v.description(description),
    v.transform((text) => [...new Set(text.split(','))]),
    JobIdsSchema,
  );
}

/** Query string of `GET /api/jobs` that names its jobs. It takes no filter, and has one page. */
export const NamedJobsQuerySchema = v.object({
  ids: namedJobs('Ids of jobs, instead of all other parameters. Unknown jobs are absent from the response.'),
});

/** Query string of `GET /api/events`. */
export const EventQuerySchema = v.pipe(
  v.object({
    jobs: v.optional(namedJobs('Ids of the jobs to follow.')),
    channel: v.optional(v.pipe(v.literal('active'), v.description('Follows all active jobs.'))),
    /** Id of the last event that the client has. Some libraries cannot send it as the header `Last-Event-ID`. */
    lastEventId: v.optional(v.string()),
    /** A single-use ticket of `POST /api/ws-ticket`. */
    ticket: v.optional(v.string()),
  }),
  v.check(
    ({ jobs, channel }) => jobs !== undefined || channel !== undefined,
    'Name jobs, a channel, or both.',
  ),
);

/** Body of `POST /api/jobs/retry` and `POST /api/jobs/cancel`: a filter, or `all`. */
export const JobSelectionSchema = v.pipe(
  v.strictObject(
    {
      ...JobFilterSchema.entries,
      /** Means every job. */
      all: v.optional(v.literal(true, 'must be true, or absent')),
      limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_CHANGED)), MAX_CHANGED),
      /** The `next_cursor` of the call before. */
      cursor: v.optional(v.string()),
    },
    // A misspelled filter would select more jobs in silence.
    (issue) => (issue.expected === 'never' ? 'is not a field of a selection of jobs' : issue.message),
  ),
  v.check(
    ({ all, ...filter }) => all === true || isFiltered(filter),
    'The body names no filter. Add one, or send "all": true to mean every job.',
  ),
  v.check(
    ({ all, ...filter }) => all === undefined || !isFiltered(filter),
    'The body names a filter and "all". Leave one of them out.',
  ),
);
export type JobSelection = v.InferOutput<typeof JobSelectionSchema>;

/**
 * Outcome of a call that changes jobs. `matched` counts those that matched and could be changed when the call looked.
 * `matched` minus `changed` minus `skipped` is the number of failed ones.
 */
export const BulkResultSchema = v.object({
  matched: WholeNumberSchema,
  changed: WholeNumberSchema,
  /** Jobs that ended, went on or expired before the call came to them. */
  skipped: WholeNumberSchema,
  /** The first 100 jobs that the call could not change, with the code that a call for one job responds with. */
  failed: v.array(v.object({ id: v.string(), code: ProblemCodeSchema, detail: v.string() })),
  /** Present if a cap ended the call. The same body with it as `cursor` continues. */
  next_cursor: v.optional(v.string()),
});
export type BulkResult = v.InferOutput<typeof BulkResultSchema>;

/**
 * Outcome of a call that deletes documents, counted like that of a call that changes jobs. `skipped` documents were gone when
 * the call came to them, or the call named unknown ids.
 */
export const DeletionResultSchema = v.object({
  ...v.omit(BulkResultSchema, ['changed']).entries,
  deleted: WholeNumberSchema,
});
export type DeletionResult = v.InferOutput<typeof DeletionResultSchema>;

/** Longest wait that a request may ask for, in seconds. The api ends the wait after `HEARTBEAT_MS` at the latest. */
export const MAX_WAIT_SECONDS = 55;

export const JobWaitSchema = v.object({
  /** Seconds to wait for another state than the one named in `If-None-Match`, `HEARTBEAT_MS` at most. */
  wait: v.optional(
    v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number), v.maxValue(MAX_WAIT_SECONDS)),
    '0',
  ),
});

export const JobEventQuerySchema = v.object({
  /** Id of the last event that the client has. Some libraries cannot send it as the header `Last-Event-ID`. */
  lastEventId: v.optional(v.string()),
  /** A single-use ticket of `POST /api/ws-ticket`. */
  ticket: v.optional(v.string()),
});

export const JobListSchema = v.object({
  jobs: v.array(JobSchema),
  next_cursor: v.optional(v.string()),
  /** Number of matching jobs on all pages. Only with `total=true`. */
  total: v.optional(WholeNumberSchema),
  /** In place of `total`: the count stopped at its cap, and more jobs may match. */
  total_at_least: v.optional(WholeNumberSchema),
});
export type JobList = v.InferOutput<typeof JobListSchema>;

/** Statistics of the queue, as `GET /api/stats` and `/metrics` send them. Times in ms. */
export const StatsSchema = v.object({
  queue_depth: WholeNumberSchema,
  /** Jobs that wait for their next attempt. */
  delayed: WholeNumberSchema,
  /** Jobs that wait for an earlier upload of the same document. */
  parked: WholeNumberSchema,
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
  /** Percentiles of the last 1,000 completed runs, and the stages' means of about the last 20. Absent before the first. */
  processing_time_ms: v.optional(v.object({ p50: v.number(), p90: v.number(), p99: v.number() })),
  stage_ms: v.optional(v.object({ parse: v.number(), embed: v.number(), store: v.number() })),
  /** Wait of the next job. Absent if no job waits. */
  oldest_waiting_ms: v.optional(WholeNumberSchema),
});
export type Stats = v.InferOutput<typeof StatsSchema>;

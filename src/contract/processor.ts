import * as v from 'valibot';

import { codesWith, ERROR_CODES, type CodesWith } from './error-codes.ts';
import { WellFormedSchema, WholeNumberSchema } from './scalars.ts';
import { CHUNK_SIZE, ChunkingStrategySchema } from './upload.ts';

/**
 * The processor's calls: `POST /parse`, `POST /chunk`, `POST /embed`, `GET /health`. Any service that speaks
 * them can stand in for ours; `processor.md` says what they mean. Offsets count UTF-16 code units, as JavaScript
 * strings do.
 */

/** A code that blames the document: each processor sends it with status 422, and the job fails at once. */
export type DocumentErrorCode = Exclude<CodesWith<{ processor: readonly [422, string] }>, 'embedder_refused'>;
/** A code of the processor itself. A caller may repeat a call that failed with a status from 500 on. */
export type ProcessorErrorCode = Exclude<CodesWith<{ processor: object }>, DocumentErrorCode>;

const blamesDocument = (code: DocumentErrorCode | ProcessorErrorCode): code is DocumentErrorCode =>
  ERROR_CODES[code].processor[0] === 422 && code !== 'embedder_refused';

/** Words for the owner of a document that no processor can process, by code. */
export const DOCUMENT_ERRORS = Object.fromEntries(
  codesWith('processor')
    .filter(blamesDocument)
    .map((code) => [code, ERROR_CODES[code].processor[1]]),
) as Record<DocumentErrorCode, string>;

/** Status and words of each error of the processor itself, by code. */
export const PROCESSOR_ERRORS = Object.fromEntries(
  codesWith('processor')
    .filter((code) => !blamesDocument(code))
    .map((code) => [
      code,
      { status: ERROR_CODES[code].processor[0], detail: ERROR_CODES[code].processor[1] },
    ]),
) as Record<ProcessorErrorCode, { status: number; detail: string }>;

/** A response may say little beside the document's text: a service that goes on and on is cut off. */
export const RESPONSE_LIMITS = {
  /** One line of NDJSON. */
  lineBytes: 4 * 1024 * 1024,
  /** All of a `/parse`: for each character that a text may have, and what comes on top. */
  parseBytesPerChar: 16,
  /** All of a `/chunk`: for each character of the text that it cuts, and what comes on top. */
  chunkBytesPerChar: 24,
  spareBytes: 16 * 1024 * 1024,
  embedBytes: 64 * 1024 * 1024,
  /** An error, or `/health`. */
  smallBytes: 64 * 1024,
} as const;

/** How bodies are checked: one fault is enough, and millions of them, each with its words, take gigabytes. */
export const FIRST_FAULT = { abortEarly: true } as const;

/** The longest that a whole call may take, in silences (`PROCESSOR_TIMEOUT_MS`), however lively it seems. */
export const MAX_CALL_SILENCES = 120;

const Code = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9_]{0,63}$/, 'is not a code'),
  // Sluice uses this code for a job that a client cancelled.
  v.notValue('cancelled', 'is not a code of a processor'),
  // A service may have codes of its own. Only a checked response gives one this type.
  v.brand('ServiceCode'),
);
export type ServiceCode = v.InferOutput<typeof Code>;
const Detail = v.pipe(v.string(), v.maxLength(1000));

/** The body of every processor error, sent as `application/problem+json`. */
export const ProcessorProblemSchema = v.object({ code: Code, detail: Detail });

/**
 * An optional header of every call: the id of the document that it is made for. The calls of one document take
 * turns as one with those of others; a call without it stands for itself.
 */
export const DOCUMENT_HEADER = 'document-id';
/** Optional header of every call: the percent-encoded id of its job. A service names it in its log lines. */
export const JOB_HEADER = 'job-id';

const Offset = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Page = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
/** A path of headings, outermost first: `A > B`. */
const HeadingPath = v.pipe(v.string(), v.maxLength(2000));

/** A stretch of the text that lies on one page under one heading. */
export const SegmentSchema = v.object({
  start: Offset,
  end: Offset,
  page: v.optional(Page),
  heading: v.optional(HeadingPath),
});
export type Segment = v.InferOutput<typeof SegmentSchema>;

function lieIn(text: string, segments: readonly Segment[]): boolean {
  return segments.every(
    ({ start, end }, index) => start >= (segments[index - 1]?.end ?? 0) && start <= end && end <= text.length,
  );
}
const SEGMENTS_MISPLACED = 'segments must be in order, without overlap, and within the text';

export const ParseMetadataSchema = v.record(
  v.string(),
  v.union([v.pipe(v.string(), v.maxLength(1000)), v.number(), v.boolean()]),
);

/** `POST /parse` (multipart `file`), answered as JSON. */
export const ParseResponseSchema = v.pipe(
  v.object({ text: WellFormedSchema, metadata: ParseMetadataSchema, segments: v.array(SegmentSchema) }),
  v.check(({ text, segments }) => lieIn(text, segments), SEGMENTS_MISPLACED),
);
export type ParseResponse = v.InferOutput<typeof ParseResponseSchema>;

/**
 * `POST /parse` with `Accept: application/x-ndjson`: the same answer, a line at a time, so that long work is
 * seen to move. `segment` lines carry consecutive stretches of the text; the whole text is their `text`s
 * joined. The last line is `end`, or `error` when the document turns out bad after the response has begun.
 */
export const ParseEventSchema = v.variant('type', [
  v.pipe(
    v.object({ type: v.literal('progress'), pages_done: Offset, pages_total: Offset }),
    v.check(({ pages_done, pages_total }) => pages_done <= pages_total, 'more pages done than there are'),
  ),
  v.object({
    type: v.literal('segment'),
    text: v.pipe(WellFormedSchema, v.minLength(1)),
    page: v.optional(Page),
    heading: v.optional(HeadingPath),
  }),
  v.object({ type: v.literal('end'), metadata: ParseMetadataSchema }),
  v.object({ type: v.literal('error'), code: Code, detail: Detail }),
]);
export type ParseEvent = v.InferInput<typeof ParseEventSchema>;

export const ChunkRequestSchema = v.pipe(
  v.object({
    text: v.string(),
    strategy: ChunkingStrategySchema,
    chunk_size: v.pipe(v.number(), v.integer(), v.minValue(CHUNK_SIZE.min), v.maxValue(CHUNK_SIZE.max)),
    chunk_overlap: WholeNumberSchema,
    segments: v.optional(v.array(SegmentSchema), []),
  }),
  v.check(
    ({ chunk_size, chunk_overlap }) => chunk_overlap <= chunk_size / 2,
    'chunk_overlap must be at most half of chunk_size',
  ),
  v.check(({ text, segments }) => lieIn(text, segments), SEGMENTS_MISPLACED),
);
export type ChunkRequest = v.InferOutput<typeof ChunkRequestSchema>;

/** The longest `context` of a chunk: with it, the largest chunk can still be embedded. */
export const MAX_CONTEXT_CHARS = 1000;

/** One chunk as cut: `text` is exactly `text.slice(start, end)` of the request's text. */
export const CutChunkSchema = v.object({
  text: v.pipe(WellFormedSchema, v.minLength(1)),
  start: Offset,
  end: Offset,
  page: v.optional(Page),
  heading: v.optional(HeadingPath),
  /** What stands elsewhere but belongs to it: the header row of the table that it begins within. */
  context: v.optional(v.pipe(v.string(), v.maxLength(MAX_CONTEXT_CHARS))),
});
export type CutChunk = v.InferOutput<typeof CutChunkSchema>;

export const ChunkResponseSchema = v.object({ chunks: v.array(CutChunkSchema) });
export type ChunkResponse = v.InferOutput<typeof ChunkResponseSchema>;

/** At most this many texts in one `POST /embed`. */
export const MAX_EMBED_TEXTS = 256;
/** The longest text to embed: more than the largest chunk with its context, and the longest search query. */
export const MAX_EMBED_TEXT_CHARS = 10_000;

export const EmbedRequestSchema = v.object({
  texts: v.pipe(
    v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_EMBED_TEXT_CHARS))),
    v.minLength(1),
    v.maxLength(MAX_EMBED_TEXTS),
  ),
  model: v.optional(v.string()),
});
export type EmbedRequest = v.InferOutput<typeof EmbedRequestSchema>;

/** Numbers that a 32-bit float holds: as such they are stored. */
const isVector = (vector: readonly number[], dimensions: number) =>
  vector.length === dimensions && vector.every((value) => Number.isFinite(Math.fround(value)));

export const EmbedResponseSchema = v.pipe(
  v.object({
    embeddings: v.array(v.array(v.number())),
    model: v.pipe(v.string(), v.maxLength(1000)),
    dimensions: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  }),
  v.check(
    ({ embeddings, dimensions }) => embeddings.every((vector) => isVector(vector, dimensions)),
    'an embedding must have as many finite numbers as there are dimensions',
  ),
);
export type EmbedResponse = v.InferOutput<typeof EmbedResponseSchema>;

export const ProcessorHealthSchema = v.object({
  status: v.literal('ok'),
  /** How many calls it works on at once; callers keep about this many under way. */
  children: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** How many texts one `POST /embed` is best sent: few where they take long, so that work is seen to move. */
  embed_batch: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_EMBED_TEXTS)), 16),
  /** `away` while the service cannot reach its embedding server. Defaults to `ok`. */
  embedder: v.optional(v.picklist(['ok', 'away']), 'ok'),
});
export type ProcessorHealth = v.InferOutput<typeof ProcessorHealthSchema>;

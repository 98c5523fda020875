import * as v from 'valibot';

import { CHUNK_SIZE, ChunkingStrategySchema } from './upload.ts';

/**
 * The processor's calls: `POST /parse`, `POST /chunk`, `POST /embed`, `GET /health`. Any service that speaks
 * them can stand in for ours; `processor.md` says what they mean. Offsets count UTF-16 code units, as JavaScript
 * strings do.
 */

/**
 * Why a document can never be processed, however often it is tried: the code and the words for its owner.
 * Such a response is a 4xx with this code; the job fails at once.
 */
export const DOCUMENT_ERRORS = {
  corrupt: 'The file is damaged and cannot be read.',
  encrypted: 'The file is protected by a password. Upload it without one.',
  no_text_layer: 'The file holds only images of text. Run text recognition (OCR) on it first.',
  no_text: 'The file contains no text.',
  unsupported_type: 'This type of file is not supported.',
  text_too_long: 'The text of this file is too long.',
  takes_too_long: 'Reading this file takes too long. Upload it in smaller parts.',
} as const;
export type DocumentErrorCode = keyof typeof DOCUMENT_ERRORS;

/** Errors of the processor itself. Those with a status from 500 on may pass: the call may be tried again. */
export const PROCESSOR_ERRORS = {
  invalid_request: { status: 400, detail: 'The request does not fit the contract.' },
  wrong_secret: {
    status: 401,
    detail: 'The processor and its caller have different secrets: set the same PROCESSOR_SECRET for both.',
  },
  body_too_large: { status: 413, detail: 'The request body is too large.' },
  not_found: { status: 404, detail: 'There is no such call.' },
  parser_crashed: { status: 500, detail: 'The parser broke down while it read this file.' },
  deadline: { status: 504, detail: 'The document takes longer to process than it may.' },
  /** Waiting helps; the document has nothing to do with it. */
  embedder_unreachable: { status: 503, detail: 'The embedding service cannot be reached.' },
  host_forbidden: { status: 403, detail: 'The processor does not answer to the host name in PROCESSOR_URL.' },
  embedder_unavailable: { status: 503, detail: 'The embedding service does not answer in time.' },
  embedder_refused: { status: 422, detail: 'The embedding service refused the request.' },
  internal: { status: 500, detail: 'The processor failed.' },
} as const;
export type ProcessorErrorCode = keyof typeof PROCESSOR_ERRORS;

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
);
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
const WellFormed = v.pipe(
  v.string(),
  v.check((text) => text.isWellFormed(), 'holds half of a character'),
);

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
  v.object({ text: WellFormed, metadata: ParseMetadataSchema, segments: v.array(SegmentSchema) }),
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
    text: v.pipe(WellFormed, v.minLength(1)),
    page: v.optional(Page),
    heading: v.optional(HeadingPath),
  }),
  v.object({ type: v.literal('end'), metadata: ParseMetadataSchema }),
  v.object({ type: v.literal('error'), code: Code, detail: Detail }),
]);
export type ParseEvent = v.InferOutput<typeof ParseEventSchema>;

export const ChunkRequestSchema = v.pipe(
  v.object({
    text: v.string(),
    strategy: ChunkingStrategySchema,
    chunk_size: v.pipe(v.number(), v.integer(), v.minValue(CHUNK_SIZE.min), v.maxValue(CHUNK_SIZE.max)),
    chunk_overlap: v.pipe(v.number(), v.integer(), v.minValue(0)),
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
  text: v.pipe(WellFormed, v.minLength(1)),
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

import * as v from 'valibot';

import { CHUNK_SIZE, ChunkingStrategySchema } from './upload.ts';

/**
 * The processor's calls: `POST /parse`, `POST /chunk`, `POST /embed`, `GET /health`. Any service that speaks
 * them can stand in for ours. Offsets count UTF-16 code units, as JavaScript strings do.
 */

/**
 * Why a document can never be processed, however often it is tried: the code and the words for its owner.
 * Such an answer is a 4xx with this code; the job fails at once.
 */
export const DOCUMENT_ERRORS = {
  corrupt: 'The file is damaged and cannot be read.',
  encrypted: 'The file is protected by a password. Upload it without one.',
  no_text_layer: 'The file holds only images of text. Run text recognition (OCR) on it first.',
  no_text: 'The file contains no text.',
  unsupported_type: 'This type of file is not supported.',
  text_too_long: 'The text of this file is too long.',
} as const;
export type DocumentErrorCode = keyof typeof DOCUMENT_ERRORS;

/** Errors of the processor itself. Those with a status from 500 on may pass: the call may be tried again. */
export const PROCESSOR_ERRORS = {
  invalid_request: { status: 400, detail: 'The request does not fit the contract.' },
  body_too_large: { status: 413, detail: 'The request body is too large.' },
  not_found: { status: 404, detail: 'There is no such call.' },
  parser_crashed: { status: 500, detail: 'The parser was lost while it read this file.' },
  deadline: { status: 504, detail: 'The call took longer than it may.' },
  /** Waiting helps; the document has nothing to do with it. */
  embedder_unreachable: { status: 503, detail: 'The embedding service cannot be reached.' },
  embedder_unavailable: { status: 503, detail: 'The embedding service does not answer in time.' },
  embedder_refused: { status: 422, detail: 'The embedding service refused the request.' },
  internal: { status: 500, detail: 'The processor failed.' },
} as const;
export type ProcessorErrorCode = keyof typeof PROCESSOR_ERRORS;

/** The body of every processor error, sent as `application/problem+json`. */
export const ProcessorProblemSchema = v.object({ code: v.string(), detail: v.string() });

/**
 * An optional header of every call: the id of the document that it is made for. The calls of one document take
 * turns as one with those of others; a call without it stands for itself.
 */
export const DOCUMENT_HEADER = 'document-id';

const Offset = v.pipe(v.number(), v.integer(), v.minValue(0));
const Page = v.pipe(v.number(), v.integer(), v.minValue(1));

/** A stretch of the text that lies on one page under one heading. Segments are in order and do not overlap. */
export const SegmentSchema = v.object({
  start: Offset,
  end: Offset,
  page: v.optional(Page),
  heading: v.optional(v.string()),
});
export type Segment = v.InferOutput<typeof SegmentSchema>;

export const ParseMetadataSchema = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]));

/** `POST /parse` (multipart `file`), answered as JSON. */
export const ParseResponseSchema = v.object({
  text: v.string(),
  metadata: ParseMetadataSchema,
  segments: v.array(SegmentSchema),
});
export type ParseResponse = v.InferOutput<typeof ParseResponseSchema>;

/**
 * `POST /parse` with `Accept: application/x-ndjson`: the same answer, a line at a time, so that long work is
 * seen to move. `segment` lines carry consecutive stretches of the text; the whole text is their `text`s
 * joined. The last line is `end`, or `error` when the document turns out bad after the answer has begun.
 */
export const ParseEventSchema = v.variant('type', [
  v.object({ type: v.literal('progress'), pages_done: Offset, pages_total: Offset }),
  v.object({
    type: v.literal('segment'),
    text: v.string(),
    page: v.optional(Page),
    heading: v.optional(v.string()),
  }),
  v.object({ type: v.literal('end'), metadata: ParseMetadataSchema }),
  v.object({ type: v.literal('error'), code: v.string(), detail: v.string() }),
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
);
export type ChunkRequest = v.InferOutput<typeof ChunkRequestSchema>;

/** The longest `context` of a chunk: with it, the largest chunk can still be embedded. */
export const MAX_CONTEXT_CHARS = 1000;

/** One chunk as cut: `text` is exactly `text.slice(start, end)` of the request's text. */
export const CutChunkSchema = v.object({
  text: v.string(),
  start: Offset,
  end: Offset,
  page: v.optional(Page),
  heading: v.optional(v.string()),
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
    v.array(v.pipe(v.string(), v.maxLength(MAX_EMBED_TEXT_CHARS))),
    v.minLength(1),
    v.maxLength(MAX_EMBED_TEXTS),
  ),
  model: v.optional(v.string()),
});
export type EmbedRequest = v.InferOutput<typeof EmbedRequestSchema>;

export const EmbedResponseSchema = v.object({
  embeddings: v.array(v.array(v.number())),
  model: v.string(),
  dimensions: v.pipe(v.number(), v.integer(), v.minValue(1)),
});
export type EmbedResponse = v.InferOutput<typeof EmbedResponseSchema>;

export const ProcessorHealthSchema = v.object({
  status: v.literal('ok'),
  /** How many calls it works on at once; callers keep about this many under way. */
  children: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** How many texts one `POST /embed` is best sent: few where they take long, so that work is seen to move. */
  embed_batch: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_EMBED_TEXTS)), 16),
});
export type ProcessorHealth = v.InferOutput<typeof ProcessorHealthSchema>;

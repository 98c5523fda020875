import * as v from 'valibot';

import { codesWith, ERROR_CODES, type CodesWith } from '../error-codes.ts';
import { WellFormedSchema, WholeNumberSchema } from '../scalars.ts';
import { CHUNK_SIZE, ChunkingStrategySchema } from '../upload.ts';

/**
 * Shapes of the processor's calls: `POST /parse`, `POST /chunk`, `POST /embed`, `GET /health`. Any service with these calls
 * can replace ours. `processor.md` is their contract. Offsets count UTF-16 code units, as in JavaScript strings.
 */

export type DocumentErrorCode = CodesWith<{ document: string }>;
/** A code of the processor itself. A caller may repeat a call that failed with a status from 500 on. */
export type ProcessorErrorCode = CodesWith<{ processor: object }>;

/** Texts for the owner of a document that no processor can process, by code. */
export const DOCUMENT_ERRORS = Object.fromEntries(
  codesWith('document').map((code) => [code, ERROR_CODES[code].document]),
) as Record<DocumentErrorCode, string>;

/** Status and text of each error of the processor itself, by code. */
export const PROCESSOR_ERRORS = Object.fromEntries(
  codesWith('processor').map((code) => {
    const [status, detail] = ERROR_CODES[code].processor;
    return [code, { status, detail }];
  }),
) as Record<ProcessorErrorCode, { status: number; detail: string }>;

/** Largest responses, in bytes. A caller cuts a service off that sends more. */
export const RESPONSE_LIMITS = {
  /** One line of NDJSON. */
  lineBytes: 4 * 1024 * 1024,
  /** A `/parse`, for each character that a text may have. `spareBytes` come on top. */
  parseBytesPerChar: 16,
  /** A `/chunk`, for each character of its text. `spareBytes` come on top. */
  chunkBytesPerChar: 24,
  spareBytes: 16 * 1024 * 1024,
  embedBytes: 64 * 1024 * 1024,
  /** An error or a `/health`. */
  smallBytes: 64 * 1024,
} as const;

/** Stops a check at the first fault. Millions of faults with their texts take gigabytes. */
export const FIRST_FAULT = { abortEarly: true } as const;

/** Longest call, in units of the longest silence (`PROCESSOR_TIMEOUT_MS`), even if bytes still arrive. */
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

/** Name of the model that the processor embeds with by itself. */
export const BUNDLED_MODEL = 'universal-sentence-encoder-lite';

/**
 * Optional header of every call: the id of its document. A service shares its turns fairly among documents. A call without
 * the header counts as a document of its own.
 */
export const DOCUMENT_HEADER = 'document-id';
/** Optional header of every call: the percent-encoded id of its job. A service names it in its log lines. */
export const JOB_HEADER = 'job-id';

const Offset = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Page = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
/** A path of headings, outermost first: `A > B`. */
const HeadingPath = v.pipe(v.string(), v.maxLength(2000));

/** True if text recognition (OCR) read the text from an image. Such text may hold errors. */
const Ocr = v.optional(v.literal(true));

/** Longest `context` of a chunk. With it, the largest chunk still fits into `/embed`. */
export const MAX_CONTEXT_CHARS = 1000;
/** Text from elsewhere that a stretch needs: the header of its table, and labels that cover its rows from above. */
const Context = v.optional(v.pipe(v.string(), v.maxLength(MAX_CONTEXT_CHARS)));

/** A stretch of the text on one page under one heading. Chunks that begin in it have its `context`. */
export const SegmentSchema = v.object({
  start: Offset,
  end: Offset,
  page: v.optional(Page),
  heading: v.optional(HeadingPath),
  context: Context,
  ocr: Ocr,
});
export type Segment = v.InferOutput<typeof SegmentSchema>;

function lieIn(text: string, segments: readonly Segment[]): boolean {
  return segments.every(
    ({ start, end }, index) => start >= (segments[index - 1]?.end ?? 0) && start <= end && end <= text.length,
  );
}
const SEGMENTS_MISPLACED = 'segments must be in order, without overlap, and within the text';

/** How to cut a text into chunks. `chunk_size` and `chunk_overlap` count characters. */
const CUT = {
  strategy: ChunkingStrategySchema,
  chunk_size: v.pipe(v.number(), v.integer(), v.minValue(CHUNK_SIZE.min), v.maxValue(CHUNK_SIZE.max)),
  chunk_overlap: WholeNumberSchema,
};
const overlapFits = <T extends { chunk_size: number; chunk_overlap: number }>() =>
  v.check<T, string>(
    ({ chunk_size, chunk_overlap }) => chunk_overlap <= chunk_size / 2,
    'chunk_overlap must be at most half of chunk_size',
  );
export const CutSettingsSchema = v.pipe(v.object(CUT), overlapFits());
export type CutSettings = v.InferOutput<typeof CutSettingsSchema>;

/** A chunk. Its `text` is exactly `text.slice(start, end)` of the request's text. */
export const CutChunkSchema = v.object({
  text: v.pipe(WellFormedSchema, v.minLength(1)),
  start: Offset,
  end: Offset,
  page: v.optional(Page),
  heading: v.optional(HeadingPath),
  ocr: Ocr,
  context: Context,
});
export type CutChunk = v.InferOutput<typeof CutChunkSchema>;

/** A chunk of a parsed text, without its `text`: that is `text.slice(start, end)` of the response's text. */
const ChunkPlace = v.omit(CutChunkSchema, ['text']).entries;

export const ParseMetadataSchema = v.record(
  v.string(),
  v.union([v.pipe(v.string(), v.maxLength(1000)), v.number(), v.boolean()]),
);

/** JSON response to `POST /parse` (multipart `file`). `chunks` are there if the request has the fields of {@link CutSettings}. */
export const ParseResponseSchema = v.pipe(
  v.object({
    text: WellFormedSchema,
    metadata: ParseMetadataSchema,
    segments: v.array(SegmentSchema),
    chunks: v.optional(v.array(v.object(ChunkPlace))),
  }),
  v.check(({ text, segments }) => lieIn(text, segments), SEGMENTS_MISPLACED),
);
export type ParseResponse = v.InferOutput<typeof ParseResponseSchema>;

/**
 * A line of the response to `POST /parse` with `Accept: application/x-ndjson`. Lines show the progress of long work.
 * `segment` lines carry consecutive stretches of the text. The text is their `text`s joined. `chunk` lines follow them, if the
 * request has the fields of {@link CutSettings}, and the service cuts in the same call. The last line is `end`, or
 * `error` if the service finds the document bad after the response has begun.
 */
export const ParseEventSchema = v.variant('type', [
  v.pipe(
    v.object({
      type: v.literal('progress'),
      pages_done: Offset,
      pages_total: Offset,
      /** Pages of the total that OCR has tried, and that it has to try. Absent before it begins. */
      ocr_done: v.optional(Offset),
      ocr_total: v.optional(Offset),
    }),
    v.check(({ pages_done, pages_total }) => pages_done <= pages_total, 'more pages done than there are'),
  ),
  v.object({
    type: v.literal('segment'),
    text: v.pipe(WellFormedSchema, v.minLength(1)),
    page: v.optional(Page),
    heading: v.optional(HeadingPath),
    context: Context,
    ocr: Ocr,
  }),
  v.object({ type: v.literal('chunk'), ...ChunkPlace }),
  v.object({ type: v.literal('end'), metadata: ParseMetadataSchema }),
  v.object({ type: v.literal('error'), code: Code, detail: Detail }),
]);
export type ParseEvent = v.InferInput<typeof ParseEventSchema>;

export const ChunkRequestSchema = v.pipe(
  v.object({
    text: v.string(),
    ...CUT,
    segments: v.optional(v.array(SegmentSchema), []),
  }),
  overlapFits(),
  v.check(({ text, segments }) => lieIn(text, segments), SEGMENTS_MISPLACED),
);
export type ChunkRequest = v.InferOutput<typeof ChunkRequestSchema>;

export const ChunkResponseSchema = v.object({ chunks: v.array(CutChunkSchema) });
export type ChunkResponse = v.InferOutput<typeof ChunkResponseSchema>;

/** Most texts in one `POST /embed`. */
export const MAX_EMBED_TEXTS = 256;
/** Longest text to embed, in UTF-16 units: more than the largest chunk with its context, or the longest query. */
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

/** Checks that 32-bit floats can hold the numbers, because Chroma stores such floats. */
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
  /** Calls that it serves concurrently. Callers keep about this many under way. */
  children: v.pipe(v.number(), v.integer(), v.minValue(1)),
  /** Best number of texts in one `POST /embed`. A slow service names few, so that progress shows. */
  embed_batch: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_EMBED_TEXTS)), 16),
  /** `away` while the service cannot reach its embedding server. Defaults to `ok`. */
  embedder: v.optional(v.picklist(['ok', 'away']), 'ok'),
  /** The `reader_version` of each parse. Absent if the service names none. */
  reader_version: v.optional(v.string()),
  /** Name of the embedding model of requests that name none. Absent if the service does not know it. */
  model: v.optional(v.string()),
  /** Length of this model's vectors. Absent while the service does not know it. */
  dimensions: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
});
export type ProcessorHealth = v.InferOutput<typeof ProcessorHealthSchema>;

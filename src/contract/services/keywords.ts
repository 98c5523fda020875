import * as v from 'valibot';

import { WholeNumberSchema } from '../scalars.ts';

/** Most chunks of one upsert. The index stores them in one transaction, which delays other calls. */
export const MAX_KEYWORD_BATCH = 500;

/** Most hits of one query. A search looks at no more, and skips dead generations among them. */
export const MAX_KEYWORD_HITS = 10_000;

/** Header of every write: the id of the installation whose chunks the index holds. */
export const INSTALLATION_HEADER = 'x-sluice-installation';

/** Codes of the index's error responses, with their status. */
export const KEYWORD_ERRORS = {
  invalid_request: 400,
  wrong_secret: 401,
  not_found: 404,
  /** The generation was deleted. The index refuses its late chunks. */
  dead_generation: 409,
  /** The index belongs to another installation. */
  installation_mismatch: 409,
  body_too_large: 413,
  internal: 500,
  /** A file cannot be read or written: the disk is full, or the permissions are wrong. */
  storage_failed: 503,
  /** Too many queries wait, or this one takes too long. */
  busy: 503,
} as const;
export type KeywordErrorCode = keyof typeof KEYWORD_ERRORS;

/** Response to each write, and to `GET /health`. */
export const KeywordDoneSchema = v.object({ status: v.literal('ok') });

const Generation = {
  collection: v.string(),
  document_id: v.string(),
  generation: v.string(),
};

/** A chunk to index. The title, the heading and the table's header are searched with the text. */
export const KeywordChunkSchema = v.object({
  index: WholeNumberSchema,
  title: v.string(),
  heading: v.optional(v.string()),
  context: v.optional(v.string()),
  text: v.string(),
});
export type KeywordChunk = v.InferOutput<typeof KeywordChunkSchema>;

/**
 * Body of `POST /upsert`: chunks of some generations of a collection, in one transaction. Chunks of the same index are
 * replaced. One deleted generation refuses the whole call.
 */
export const KeywordUpsertSchema = v.object({
  collection: v.string(),
  writes: v.pipe(
    v.array(
      v.object({
        document_id: v.string(),
        generation: v.string(),
        chunks: v.array(KeywordChunkSchema),
      }),
    ),
    v.check(
      (writes) => writes.reduce((sum, { chunks }) => sum + chunks.length, 0) <= MAX_KEYWORD_BATCH,
      `holds more than ${MAX_KEYWORD_BATCH} chunks`,
    ),
  ),
});
export type KeywordUpsert = v.InferOutput<typeof KeywordUpsertSchema>;
export type KeywordWrite = KeywordUpsert['writes'][number];

/** Body of `POST /delete`: deletes a generation's chunks, and refuses later ones. */
export const KeywordDeletionSchema = v.object(Generation);

/** Body of `POST /count`. */
export const KeywordCountSchema = v.object({
  collection: v.string(),
  generations: v.pipe(
    v.array(v.object({ document_id: v.string(), generation: v.string() })),
    v.maxLength(5000),
  ),
});
/** One number of chunks for each generation, in order. */
export const KeywordCountsSchema = v.object({ counts: v.array(WholeNumberSchema) });

/** Body of `POST /query`. */
export const KeywordQuerySchema = v.object({
  collection: v.string(),
  query: v.pipe(v.string(), v.maxLength(10_000)),
  limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_KEYWORD_HITS)),
  /** Finds only chunks of these documents. */
  documents: v.optional(v.array(v.string())),
});
export type KeywordQuery = v.InferInput<typeof KeywordQuerySchema>;

/** Response of `POST /query`, best hits first, of live and dead generations. `score` is BM25: above 0, without a bound. */
export const KeywordHitsSchema = v.object({
  hits: v.array(
    v.object({
      document_id: v.string(),
      generation: v.string(),
      index: WholeNumberSchema,
      score: v.number(),
    }),
  ),
  /** Tokens of the query that were searched. A word of a text matches if it has one of them. */
  tokens: v.array(v.string()),
  /** False while the index is rebuilt, so that hits may be absent. */
  complete: v.boolean(),
});
export type KeywordHits = v.InferOutput<typeof KeywordHitsSchema>;

/** Body of `POST /generations`. `after` is `next` of the page before. */
export const KeywordPageSchema = v.object({ collection: v.string(), after: v.optional(v.string()) });
/** Response of `POST /generations`: a page of generations with chunks, for the comparison. */
export const KeywordGenerationsSchema = v.object({
  generations: v.array(v.object({ document_id: v.string(), generation: v.string() })),
  /** Absent on the last page. */
  next: v.optional(v.string()),
});

/**
 * Response of `GET /collections`. A collection that is absent here holds nothing. It is complete if the whole index is.
 */
export const KeywordCollectionsSchema = v.object({
  /** False for a new index, until the comparison has filled it. */
  complete: v.boolean(),
  collections: v.array(
    v.object({
      name: v.string(),
      chunk_count: WholeNumberSchema,
      /** False if its file was lost, damaged or of another tokenizer, until the comparison has filled it. */
      complete: v.boolean(),
    }),
  ),
});
export type KeywordCollections = v.InferOutput<typeof KeywordCollectionsSchema>;

/** Body of `POST /complete`: says that the index holds all live chunks of a collection; without a name, of all. */
export const KeywordCompleteSchema = v.object({ collection: v.optional(v.string()) });

/** An error response of the index. */
export const KeywordProblemSchema = v.object({ code: v.string(), detail: v.string() });

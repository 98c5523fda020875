import * as v from 'valibot';

import { WholeNumberSchema } from '../scalars.ts';

/** Most chunks of one upsert. */
export const MAX_KEYWORD_BATCH = 500;

/** Most hits of one query's page. */
export const MAX_KEYWORD_HITS = 1000;

/** Code of the response (409) that refuses chunks of a deleted generation. */
export const DEAD_GENERATION = 'dead_generation';

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

/** Body of `POST /upsert`. Chunks of the same index are replaced. */
export const KeywordUpsertSchema = v.object({
  ...Generation,
  chunks: v.pipe(v.array(KeywordChunkSchema), v.maxLength(MAX_KEYWORD_BATCH)),
});
export type KeywordUpsert = v.InferOutput<typeof KeywordUpsertSchema>;

/** Body of `POST /delete`: deletes a generation's chunks, and refuses later ones. */
export const KeywordDeletionSchema = v.object(Generation);

/** Body of `POST /count`. */
export const KeywordCountSchema = v.object({
  collection: v.string(),
  generations: v.array(v.object({ document_id: v.string(), generation: v.string() })),
});
/** One number of chunks for each generation, in order. */
export const KeywordCountsSchema = v.object({ counts: v.array(WholeNumberSchema) });

/** Body of `POST /query`. `offset` skips the best hits, to read the next page. */
export const KeywordQuerySchema = v.object({
  collection: v.string(),
  query: v.string(),
  limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_KEYWORD_HITS)),
  offset: v.optional(WholeNumberSchema, 0),
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
  /** Tokens of the query that count. A word of a text matches if it has one of them. */
  tokens: v.array(v.string()),
  /** False while the index is rebuilt, so that hits may be absent. */
  complete: v.boolean(),
});
export type KeywordHits = v.InferOutput<typeof KeywordHitsSchema>;

/** Response of `POST /generations` (`{collection, after?}`): a page of generations with chunks, for the comparison. */
export const KeywordGenerationsSchema = v.object({
  generations: v.array(v.object({ document_id: v.string(), generation: v.string() })),
  /** Sent as `after` for the next page. Absent on the last page. */
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

import * as v from 'valibot';

import { ChunkSchema } from './documents.ts';
import { WholeNumberSchema } from './scalars.ts';
import { CollectionNameSchema } from './upload.ts';
import { WhereSchema } from './where.ts';

/** How a search finds chunks: by their words and their meaning, or by one of them alone. */
export const SEARCH_MODES = ['hybrid', 'vector', 'keyword'] as const;
export type SearchMode = (typeof SEARCH_MODES)[number];

/** Most neighbours on each side of a result. */
export const MAX_NEIGHBOURS = 10;

/** Bounds of `min_score` in each mode, which are those of its scores. */
const SCORES: Record<SearchMode, { min: number; max: number }> = {
  hybrid: { min: 0, max: 1 },
  vector: { min: -1, max: 1 },
  keyword: { min: 0, max: Infinity },
};

const Fields = v.strictObject(
  {
    collection: v.optional(CollectionNameSchema, 'default'),
    query: v.pipe(
      v.string(),
      v.check((text) => text.trim() !== '', 'query must not be blank'),
      v.maxLength(10_000),
      // Embedding services refuse a lone surrogate.
      v.transform((text) => text.toWellFormed()),
    ),
    mode: v.optional(v.picklist(SEARCH_MODES), 'hybrid'),
    limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)), 10),
    /** A Chroma `where` filter over the chunks' metadata. */
    where: v.optional(WhereSchema),
    min_score: v.optional(
      v.pipe(
        v.number(),
        v.finite(),
        v.description(
          'Leaves out results scored below it: from 0 to 1 in a hybrid search, from -1 to 1 in a vector search, from 0 in a keyword search.',
        ),
      ),
    ),
    /** Number of neighbours to add before each result, and after it. */
    context: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_NEIGHBOURS)), 0),
    /** Lets a hybrid search find by words alone while the embedder is away, or by meaning alone while the index is. */
    allow_degraded: v.optional(v.boolean(), false),
  },
  // A misspelled option would change the results in silence.
  (issue) => (issue.expected === 'never' ? 'is not a field of a search' : issue.message),
);

export const SearchRequestSchema = v.pipe(
  Fields,
  v.check(
    ({ mode, min_score: score = 0 }) => score >= SCORES[mode].min && score <= SCORES[mode].max,
    'min_score must be from 0 to 1 in a hybrid search, from -1 to 1 in a vector search, at least 0 in a keyword search',
  ),
);
export type SearchRequest = v.InferOutput<typeof SearchRequestSchema>;

/** A word of a result's text that the query has, too. Both are UTF-16 offsets into `text`. */
export const MatchSchema = v.object({ start: WholeNumberSchema, end: WholeNumberSchema });

/**
 * A found chunk. `score` decides the order: in a hybrid search the weighted sum of both parts, each scaled to 0..1 among the
 * hits of its kind.
 */
export const SearchResultSchema = v.object({
  text: v.string(),
  score: v.number(),
  /** Cosine similarity: 1 for the same direction. Absent for a hit by words alone. */
  vector_score: v.optional(v.number()),
  /** BM25 of the words: above 0, without a bound. Absent for a hit by meaning alone. */
  keyword_score: v.optional(v.number()),
  matches: v.array(MatchSchema),
  document_id: v.string(),
  filename: v.string(),
  page: v.optional(WholeNumberSchema),
  heading: v.optional(v.string()),
  /** True if text recognition (OCR) read some of the text from an image. */
  ocr: v.optional(v.literal(true)),
  context: v.optional(v.string()),
  start: WholeNumberSchema,
  end: WholeNumberSchema,
  chunk_index: WholeNumberSchema,
  /** Neighbours in the document's order, if the request asked for some. */
  before: v.optional(v.array(ChunkSchema)),
  after: v.optional(v.array(ChunkSchema)),
});
export type SearchResult = v.InferOutput<typeof SearchResultSchema>;

export const SearchResponseSchema = v.object({
  results: v.array(SearchResultSchema),
  /** True if the embedder or the keyword index is away, and the search did without it. */
  degraded: v.optional(v.literal(true)),
  /** True while the keyword index is filled again, so that hits by words may be absent. */
  rebuilding: v.optional(v.literal(true)),
});
export type SearchResponse = v.InferOutput<typeof SearchResponseSchema>;

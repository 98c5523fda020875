import * as v from 'valibot';

import { WholeNumberSchema } from './scalars.ts';
import { CollectionNameSchema } from './upload.ts';
import { WhereSchema } from './where.ts';

export const SearchRequestSchema = v.strictObject(
  {
    collection: v.optional(CollectionNameSchema, 'default'),
    query: v.pipe(
      v.string(),
      v.check((text) => text.trim() !== '', 'query must not be blank'),
      v.maxLength(10_000),
      // Embedding services refuse a lone surrogate.
      v.transform((text) => text.toWellFormed()),
    ),
    limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)), 10),
    /** A Chroma `where` filter over the chunks' metadata. */
    where: v.optional(WhereSchema),
    /** Leaves out results scored below it. */
    min_score: v.optional(v.pipe(v.number(), v.minValue(-1), v.maxValue(1))),
  },
  // A misspelled option would change the results in silence.
  (issue) => (issue.expected === 'never' ? 'is not a field of a search' : issue.message),
);
export type SearchRequest = v.InferOutput<typeof SearchRequestSchema>;

/** A found chunk. `score` is the cosine similarity: 1 for the same direction. */
export const SearchResultSchema = v.object({
  text: v.string(),
  score: v.number(),
  document_id: v.string(),
  filename: v.string(),
  page: v.optional(WholeNumberSchema),
  heading: v.optional(v.string()),
  context: v.optional(v.string()),
  start: WholeNumberSchema,
  end: WholeNumberSchema,
  chunk_index: WholeNumberSchema,
});
export type SearchResult = v.InferOutput<typeof SearchResultSchema>;

export const SearchResponseSchema = v.object({ results: v.array(SearchResultSchema) });
export type SearchResponse = v.InferOutput<typeof SearchResponseSchema>;

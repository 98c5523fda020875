import * as v from 'valibot';

import { WholeNumberSchema } from './scalars.ts';
import {
  ChunkingStrategySchema,
  CollectionNameSchema,
  GivenMetadataSchema,
  MetadataSchema,
  MetadataText,
} from './upload.ts';

/** A registered document, as `GET /api/documents` lists it. */
export const DocumentSchema = v.object({
  id: v.string(),
  filename: v.string(),
  collection: v.string(),
  media_type: v.optional(v.string()),
  size: WholeNumberSchema,
  content_hash: v.optional(v.string()),
  chunk_count: WholeNumberSchema,
  /** Chunking settings and reader. `reader_version` is absent if the processor names none. */
  chunking_strategy: ChunkingStrategySchema,
  chunk_size: WholeNumberSchema,
  chunk_overlap: WholeNumberSchema,
  /** True if the text holds what the document hides. */
  include_hidden: v.optional(v.literal(true)),
  reader_version: v.optional(v.string()),
  /** True if an older version kept no settings: the three above are then the upload defaults. */
  settings_assumed: v.optional(v.literal(true)),
  /** Number of chunks that the vector store lost. Absent when it holds all of them. */
  missing_chunks: v.optional(WholeNumberSchema),
  /** True when the original is not in the store, so that lost chunks cannot come back. */
  file_gone: v.optional(v.literal(true)),
  /** Id of the latest reindex job. Absent after one has completed. */
  reindex_job: v.optional(v.string()),
  metadata: MetadataSchema,
  /** True until a search's `where` finds the document by its edited metadata. */
  metadata_pending: v.optional(v.literal(true)),
  model: v.string(),
  created_at: v.string(),
  updated_at: v.string(),
});
export type Document = v.InferOutput<typeof DocumentSchema>;

/** A stored chunk. `start` and `end` are UTF-16 offsets into the parsed text; `page` is 1-based. */
export const ChunkSchema = v.object({
  id: v.string(),
  chunk_index: WholeNumberSchema,
  text: v.string(),
  start: WholeNumberSchema,
  end: WholeNumberSchema,
  page: v.optional(WholeNumberSchema),
  heading: v.optional(v.string()),
  /** True if text recognition (OCR) read some of the text from an image. */
  ocr: v.optional(v.literal(true)),
  /** Header of the table in which the chunk begins, and labels of its first row from above. It was embedded with the chunk. */
  context: v.optional(v.string()),
});
export type Chunk = v.InferOutput<typeof ChunkSchema>;

/** Query string of every list: `limit` and `cursor`. */
export const PageQuerySchema = v.object({
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,6}$/, 'limit must be a whole number'),
      v.transform(Number),
      v.minValue(1, 'limit must be at least 1'),
      v.maxValue(1000, 'limit must be at most 1000'),
    ),
    '50',
  ),
  cursor: v.optional(v.string()),
});

/** Query string of `GET /api/documents/{id}/chunks`. */
export const ChunkQuerySchema = v.object({
  ...PageQuerySchema.entries,
  from: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,9}$/, 'from must be a whole number'),
      v.transform(Number),
      v.description('Index of the first chunk. With a cursor, the cursor decides.'),
    ),
    '0',
  ),
});

/** Longest part of a name that a filter takes, in UTF-16 units. No file system allows longer names. */
const MAX_NAME_PART = 255;

export const DocumentQuerySchema = v.object({
  ...PageQuerySchema.entries,
  collection: v.optional(CollectionNameSchema),
  filename: v.optional(
    v.pipe(v.string(), v.description('The whole name of the file, as the document shows it.')),
  ),
  filename_contains: v.optional(
    v.pipe(
      v.string(),
      v.minLength(1, 'filename_contains must not be empty'),
      v.maxLength(MAX_NAME_PART, `filename_contains must have at most ${MAX_NAME_PART} characters`),
      v.description('A part of the name of the file. Upper and lower case are alike.'),
    ),
  ),
  metadata: v.optional(
    v.pipe(
      MetadataText,
      v.description(
        'A JSON object. A document matches if its metadata has each key with this value, of this type.',
      ),
    ),
  ),
  sort: v.optional(
    v.pipe(v.picklist(['newest', 'oldest']), v.description('By the first registration of a document.')),
    'newest',
  ),
  total: v.optional(
    v.pipe(
      v.picklist(['true', 'false'], 'total must be true or false'),
      v.transform((text) => text === 'true'),
      v.description('`true` adds the number of all matching documents.'),
    ),
    'false',
  ),
});
export type DocumentQuery = v.InferOutput<typeof DocumentQuerySchema>;

export const DocumentListSchema = v.object({
  documents: v.array(DocumentSchema),
  /** Number of all matching documents, if the request asked for it. */
  total: v.optional(WholeNumberSchema),
  /** Matches among the first 5,000 documents, in place of `total`, where a filter has more to look at. */
  total_at_least: v.optional(WholeNumberSchema),
  next_cursor: v.optional(v.string()),
});
export type DocumentList = v.InferOutput<typeof DocumentListSchema>;

/** Most documents that one call deletes, and most ids that it names. */
export const MAX_DELETED = 1000;

const DocumentFilterSchema = v.partial(
  v.object({
    ids: v.pipe(
      v.array(v.pipe(v.string(), v.minLength(1, 'must not be empty'), v.maxLength(1024))),
      v.minLength(1, 'must name at least one document'),
      v.maxLength(MAX_DELETED, `must name at most ${MAX_DELETED} documents`),
    ),
    collection: CollectionNameSchema,
    filename: v.pipe(v.string(), v.description('The whole name of the file.')),
    metadata: v.pipe(GivenMetadataSchema, v.description('Each key must have this value, of this type.')),
  }),
);

/** Returns whether a filter excludes any document. Empty metadata match every document. */
function isSelective({
  ids,
  collection,
  filename,
  metadata = {},
}: v.InferOutput<typeof DocumentFilterSchema>): boolean {
  return [ids, collection, filename].some((field) => field !== undefined) || Object.keys(metadata).length > 0;
}

/** Body of `POST /api/documents/delete`: a filter as that of the list, `ids`, or `all`. All named fields must match. */
export const DocumentSelectionSchema = v.pipe(
  v.strictObject(
    {
      ...DocumentFilterSchema.entries,
      /** Means every document. */
      all: v.optional(v.literal(true, 'must be true, or absent')),
      limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_DELETED)), MAX_DELETED),
      /** The `next_cursor` of the call before. */
      cursor: v.optional(v.string()),
    },
    // A misspelled filter would select more documents in silence.
    (issue) => (issue.expected === 'never' ? 'is not a field of a selection of documents' : issue.message),
  ),
  v.check(
    ({ all, ...filter }) => all === true || isSelective(filter),
    'The body names no filter. Add one, or send "all": true to mean every document.',
  ),
  v.check(
    ({ all, ...filter }) => all === undefined || !isSelective(filter),
    'The body names a filter and "all". Leave one of them out.',
  ),
  v.check(
    ({ ids = [], limit, cursor }) => ids.length === 0 || (ids.length <= limit && cursor === undefined),
    '"ids" takes no "cursor", and no "limit" below the number of ids.',
  ),
);
export type DocumentSelection = v.InferOutput<typeof DocumentSelectionSchema>;

/** Outcome of `DELETE /api/collections/{name}`. */
export const CollectionDeletionSchema = v.object({
  documents_deleted: WholeNumberSchema,
  jobs_cancelled: WholeNumberSchema,
  /** True if a cap ended the call. The same request continues. */
  more: v.boolean(),
});
export type CollectionDeletion = v.InferOutput<typeof CollectionDeletionSchema>;

export const ChunkListSchema = v.object({
  chunks: v.array(ChunkSchema),
  next_cursor: v.optional(v.string()),
});
export type ChunkList = v.InferOutput<typeof ChunkListSchema>;

/** A collection with at least one document, as `GET /api/collections` lists it. */
export const CollectionSchema = v.object({
  name: v.string(),
  document_count: WholeNumberSchema,
  chunk_count: WholeNumberSchema,
  /** Bytes of the originals. */
  size: WholeNumberSchema,
  /** Embedding models of the documents, the one of the most documents first. */
  models: v.array(
    v.object({
      name: v.string(),
      /** Length of the vectors. Absent for documents that an older version registered. */
      dimension: v.optional(WholeNumberSchema),
      document_count: WholeNumberSchema,
    }),
  ),
  /** Id of the job that embeds the collection again; absent if none does. */
  reembed_job: v.optional(v.string()),
});
export type Collection = v.InferOutput<typeof CollectionSchema>;

export const CollectionListSchema = v.object({
  collections: v.array(CollectionSchema),
  /** Number of all collections. */
  total: WholeNumberSchema,
  next_cursor: v.optional(v.string()),
});
export type CollectionList = v.InferOutput<typeof CollectionListSchema>;

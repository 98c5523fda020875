import * as v from 'valibot';

import { BatchNameSchema } from './batches/batch.ts';
import type { ProblemCode } from './error-codes.ts';
import { JobStatusSchema } from './job.ts';
import { WellFormedSchema } from './scalars.ts';

export const CHUNKING_STRATEGIES = ['sentence', 'recursive', 'markdown', 'page', 'fixed'] as const;
export const ChunkingStrategySchema = v.picklist(CHUNKING_STRATEGIES);
export type ChunkingStrategy = v.InferOutput<typeof ChunkingStrategySchema>;

export const CHUNK_SIZE = { min: 32, max: 8192, default: 512 } as const;
const DEFAULT_CHUNK_OVERLAP = 50;

/** Name of the collection whose metadata holds the installation's id. */
export const RESERVED_COLLECTION = 'sluice-installation';

/** Returns whether a name is reserved: that of the installation's id, or one of a reembed job (`collection-names.ts`). */
export function isInternalCollection(name: string): boolean {
  return name === RESERVED_COLLECTION || /^sluice-(next|former)-[0-9a-f]{32}$/.test(name);
}

/**
 * Checks a collection name by Chroma's own rule: 3–512 of [a-zA-Z0-9._-], a letter or digit at both ends, no two points in
 * a row, no IPv4 address.
 */
export const CollectionNameSchema = v.pipe(
  v.string(),
  v.regex(
    /^[a-zA-Z0-9][a-zA-Z0-9._-]{1,510}[a-zA-Z0-9]$/,
    'a collection name has 3 to 512 characters of a-z, A-Z, 0-9, ".", "_" or "-", and starts and ends with a letter or a digit',
  ),
  v.check((name) => !name.includes('..'), 'a collection name may not have two points in a row'),
  v.check(
    (name) => !/^\d{1,3}(\.\d{1,3}){3}$/.test(name),
    'a collection name may not look like an IP address',
  ),
  v.check((name) => !isInternalCollection(name), 'this name is reserved; use another name'),
);

/** A whole number in a form field. Only a plain run of digits counts, because fields hold text. */
const WholeNumberText = v.pipe(
  v.string(),
  v.regex(/^\d{1,9}$/, 'must be a whole number'),
  v.transform(Number),
);

/** Most keys of a document. A record with thousands of keys breaks its whole Chroma collection. */
const MAX_METADATA_KEYS = 64;
const MAX_METADATA_TEXT = 4096;

/** Metadata of a document's owner. Chroma takes only scalars, and reserves keys that begin with `#` or `$`. */
export const MetadataSchema = v.pipe(
  v.custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be a JSON object',
  ),
  v.record(
    v.pipe(
      WellFormedSchema,
      v.minLength(1),
      v.maxLength(128),
      v.regex(/^[^#$]/, 'a key may not begin with # or $'),
    ),
    v.union(
      [v.pipe(WellFormedSchema, v.maxLength(MAX_METADATA_TEXT)), v.pipe(v.number(), v.finite()), v.boolean()],
      `values must be whole text of at most ${MAX_METADATA_TEXT} characters, numbers or booleans`,
    ),
  ),
  v.check(
    (metadata) => Object.keys(metadata).length <= MAX_METADATA_KEYS,
    `at most ${MAX_METADATA_KEYS} keys`,
  ),
);
export type Metadata = v.InferOutput<typeof MetadataSchema>;

/** Matches keys that Chroma or the schema drops without an error. */
const LOST_KEY = /^(?:chroma:.*|__proto__|prototype|constructor)$/s;

/** Metadata in a parsed JSON body. */
export const GivenMetadataSchema = v.pipe(
  v.unknown(),
  v.check(
    (value) => typeof value !== 'object' || value === null || !Object.keys(value).some(isLost),
    'a key may not begin with chroma:, nor be __proto__, prototype or constructor',
  ),
  MetadataSchema,
);

/** Largest metadata of a document as JSON, in bytes. A form field has the same limit. */
export const MAX_METADATA_BYTES = 64 * 1024;

/** Body of `PATCH /api/documents/{id}`. The result must be valid metadata, see {@link GivenMetadataSchema}. */
export const DocumentEditSchema = v.strictObject({
  metadata: v.pipe(
    v.custom<Record<string, unknown>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'must be a JSON object',
    ),
    v.description('A JSON merge patch (RFC 7396): it sets the given keys, and removes those with `null`.'),
  ),
});

/** Metadata as JSON, in a form field or a query string. */
export const MetadataText = v.pipe(
  v.string(),
  v.parseJson(undefined, 'must be a JSON object'),
  GivenMetadataSchema,
);

function isLost(key: string): boolean {
  return LOST_KEY.test(key);
}

/**
 * What an upload does when its document exists. `skip` completes with the existing document if bytes, name, collection,
 * settings and metadata are the same. `replace` also replaces the newest document of that name and collection if they
 * differ. `keep` always makes a document.
 */
export const ON_DUPLICATE = ['skip', 'replace', 'keep'] as const;
export const OnDuplicateSchema = v.picklist(ON_DUPLICATE, `must be one of: ${ON_DUPLICATE.join(', ')}`);
export type OnDuplicate = v.InferOutput<typeof OnDuplicateSchema>;

/**
 * How an upload waits. Interactive ones wait in the lane of their collection, and collections take turns. Bulk ones wait in
 * one lane, together with the jobs of other programs.
 */
export const PRIORITIES = ['interactive', 'bulk'] as const;
export const PrioritySchema = v.picklist(PRIORITIES, `must be one of: ${PRIORITIES.join(', ')}`);
export type Priority = v.InferOutput<typeof PrioritySchema>;

/** Form fields beside `file`. The input is text, the output has types. */
export const UploadFieldsSchema = v.object({
  collection: v.optional(CollectionNameSchema, 'default'),
  chunk_size: v.optional(
    v.pipe(
      WholeNumberText,
      v.minValue(CHUNK_SIZE.min, `must be at least ${CHUNK_SIZE.min}`),
      v.maxValue(CHUNK_SIZE.max, `must be at most ${CHUNK_SIZE.max}`),
    ),
    String(CHUNK_SIZE.default),
  ),
  chunk_overlap: v.optional(WholeNumberText),
  chunking_strategy: v.optional(
    v.picklist(CHUNKING_STRATEGIES, `must be one of: ${CHUNKING_STRATEGIES.join(', ')}`),
    'sentence',
  ),
  include_hidden: v.optional(
    v.pipe(
      v.picklist(['true', 'false'], 'must be true or false'),
      v.description('Whether to read what the document hides: text, rows, columns, sheets and slides.'),
    ),
    'false',
  ),
  metadata: v.optional(MetadataText),
  on_duplicate: v.optional(OnDuplicateSchema, 'skip'),
  priority: v.optional(PrioritySchema, 'interactive'),
  batch: v.optional(
    v.pipe(BatchNameSchema, v.description('Name of your own, which the uploads of a batch share.')),
  ),
});
export type UploadFieldName = keyof typeof UploadFieldsSchema.entries;

export interface UploadFields {
  collection: string;
  chunk_size: number;
  chunk_overlap: number;
  chunking_strategy: ChunkingStrategy;
  include_hidden?: true;
  metadata: Metadata;
  on_duplicate: OnDuplicate;
  priority: Priority;
  batch?: string | undefined;
}

/** Problem code for each bad field. */
export const UPLOAD_FIELD_PROBLEMS: Record<UploadFieldName, ProblemCode> = {
  collection: 'invalid_collection',
  chunk_size: 'invalid_chunk_size',
  chunk_overlap: 'invalid_chunk_overlap',
  chunking_strategy: 'invalid_chunking_strategy',
  include_hidden: 'invalid_include_hidden',
  metadata: 'invalid_metadata',
  on_duplicate: 'invalid_on_duplicate',
  priority: 'invalid_priority',
  batch: 'invalid_batch',
};

/**
 * Parses the form fields of an upload. The overlap defaults to 50, or to half the chunk size if that is less. It may not
 * exceed that half.
 * @param fields of the form, as text
 * @returns the typed fields, or the first problem with words for a person
 */
export function parseUploadFields(
  fields: Partial<Record<UploadFieldName, string>>,
): { ok: true; fields: UploadFields } | { ok: false; code: ProblemCode; detail: string } {
  const parsed = v.safeParse(UploadFieldsSchema, fields);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const name = issue.path?.[0]?.key as UploadFieldName;
    return { ok: false, code: UPLOAD_FIELD_PROBLEMS[name], detail: `${name}: ${issue.message}` };
  }
  const { chunk_size, chunk_overlap, include_hidden, metadata, ...rest } = parsed.output;
  const half = Math.floor(chunk_size / 2);
  const overlap = chunk_overlap ?? Math.min(DEFAULT_CHUNK_OVERLAP, half);
  if (overlap > half) {
    const detail = `chunk_overlap: must be at most half of chunk_size (${half})`;
    return { ok: false, code: 'invalid_chunk_overlap', detail };
  }
  return {
    ok: true,
    fields: {
      ...rest,
      chunk_size,
      chunk_overlap: overlap,
      ...(include_hidden === 'true' && { include_hidden: true }),
      metadata: metadata ?? {},
    },
  };
}

/** Acknowledges (202) an upload, or a document that Sluice indexes again. */
export const UploadAcceptedSchema = v.object({
  job_id: v.string(),
  status: JobStatusSchema,
  message: v.string(),
  created_at: v.string(),
});
export type UploadAccepted = v.InferOutput<typeof UploadAcceptedSchema>;

/** Header of an upload that requests a token for its job alone. The response carries the token in the same header. */
export const JOB_TOKEN_HEADER = 'sluice-job-token';
/** Value of the header in the request. */
export const JOB_TOKEN_WANTED = 'request';

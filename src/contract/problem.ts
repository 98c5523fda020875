import * as v from 'valibot';

/**
 * Every error the HTTP API can answer with: its stable code, its status and its title.
 * A code, once published, keeps its meaning.
 */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  not_multipart: { status: 415, title: 'The body must be multipart/form-data' },
  malformed_multipart: { status: 400, title: 'The multipart body is malformed' },
  missing_file: { status: 400, title: 'The upload has no file' },
  too_many_files: { status: 400, title: 'One upload takes one file' },
  empty_file: { status: 400, title: 'The file is empty' },
  file_too_large: { status: 413, title: 'The file is too large' },
  field_too_large: { status: 413, title: 'A form field is too large' },
  upload_too_slow: { status: 408, title: 'The upload is too slow' },
  request_too_slow: { status: 408, title: 'The request is too slow' },
  upload_interrupted: { status: 400, title: 'The upload ended early' },
  invalid_collection: { status: 400, title: 'The collection name is not valid' },
  invalid_chunk_size: { status: 400, title: 'chunk_size is not valid' },
  invalid_chunk_overlap: { status: 400, title: 'chunk_overlap is not valid' },
  invalid_chunking_strategy: { status: 400, title: 'The chunking strategy is unknown' },
  invalid_metadata: { status: 400, title: 'metadata is not valid' },
  invalid_cursor: { status: 400, title: 'The cursor is not valid' },
  unauthorized: { status: 401, title: 'A valid key is needed' },
  forbidden: { status: 403, title: 'The key does not allow this' },
  host_forbidden: { status: 403, title: 'This server does not answer to that host name' },
  origin_forbidden: { status: 403, title: 'This origin may not call the API' },
  idempotency_key_reused: { status: 422, title: 'This Idempotency-Key belongs to another upload' },
  job_has_ended: { status: 409, title: 'The job has ended' },
  job_not_failed: { status: 409, title: 'The job has not failed' },
  file_gone: { status: 410, title: 'The original is no longer in the store' },
  not_found: { status: 404, title: 'There is nothing here' },
  job_not_found: { status: 404, title: 'There is no such job' },
  document_not_found: { status: 404, title: 'There is no such document' },
  collection_not_found: { status: 404, title: 'There is no such collection' },
  upgrade_required: { status: 426, title: 'This address speaks WebSocket' },
  method_not_allowed: { status: 405, title: 'This address does not take that method' },
  body_too_large: { status: 413, title: 'The body is too large' },
  too_many_requests: { status: 429, title: 'This client has used up a limit' },
  embedding_mismatch: { status: 409, title: 'The collection was embedded with another model' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  disk_full: { status: 507, title: 'The server has too little free disk space' },
  storage_unavailable: { status: 503, title: 'The upload cannot be stored now' },
  queue_unavailable: { status: 503, title: 'The job queue cannot be reached' },
  installation_mismatch: { status: 503, title: 'The stores belong to different installations' },
  vector_store_unavailable: { status: 503, title: 'The vector store cannot be reached' },
  processor_unavailable: { status: 503, title: 'The document processor cannot be reached' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** The body of every HTTP error (RFC 9457), sent as `application/problem+json`. */
export const ProblemSchema = v.object({
  type: v.string(),
  title: v.string(),
  status: v.pipe(v.number(), v.integer()),
  code: v.picklist(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
  detail: v.optional(v.string()),
});
export type Problem = v.InferOutput<typeof ProblemSchema>;

/** Builds the Problem of a code. @param detail says what this request did wrong */
export function toProblem(code: ProblemCode, detail?: string): Problem {
  const { status, title } = PROBLEMS[code];
  return { type: 'about:blank', title, status, code, ...(detail !== undefined && { detail }) };
}

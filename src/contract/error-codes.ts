import {
  CHECK_CHROMA,
  CHECK_EMBEDDER,
  CHECK_KEYWORDS,
  CHECK_PROCESSOR,
  CORRECT,
  LOOK,
  RETRY_LATER,
  UPLOAD_AGAIN,
  document,
  http,
  job,
  processor,
  push,
  type ErrorEntry,
} from './codes/error-entry.ts';

/**
 * Lists every stable code once. A published code keeps its meaning. `DOCUMENT_ERRORS` and `PROCESSOR_ERRORS` derive from
 * this list, and `ERRORS.md` shows it.
 */
export const ERROR_CODES = {
  invalid_request: {
    ...http(400, 'The request is not valid', CORRECT),
    processor: [400, 'The request does not fit the contract.'],
  },
  not_multipart: http(415, 'The body must be multipart/form-data', CORRECT),
  malformed_multipart: http(400, 'The multipart body is malformed', CORRECT),
  missing_file: http(400, 'The upload has no file', 'Send a part named `file`.'),
  too_many_files: http(400, 'One upload takes one file', 'Send one upload a file.'),
  empty_file: http(400, 'The file is empty', 'Upload a file with content.'),
  file_too_large: http(413, 'The file is too large', 'Split the file, or raise `MAX_UPLOAD_BYTES`.'),
  field_too_large: http(413, 'A form field is too large', 'Shorten the field.'),
  upload_too_slow: http(408, 'The upload is too slow', 'Upload over a faster line.'),
  request_too_slow: http(408, 'The request is too slow', 'Send the whole body at once.'),
  upload_interrupted: http(400, 'The upload ended early', UPLOAD_AGAIN),
  invalid_collection: http(400, 'The collection name is not valid', CORRECT),
  invalid_chunk_size: http(400, 'chunk_size is not valid', CORRECT),
  invalid_chunk_overlap: http(400, 'chunk_overlap is not valid', CORRECT),
  invalid_chunking_strategy: http(400, 'The chunking strategy is unknown', CORRECT),
  invalid_metadata: http(400, 'metadata is not valid', CORRECT),
  invalid_on_duplicate: http(400, 'on_duplicate is not valid', CORRECT),
  invalid_include_hidden: http(400, 'include_hidden is not valid', CORRECT),
  invalid_priority: http(400, 'priority is not valid', CORRECT),
  invalid_batch: http(400, 'The name of the batch is not valid', CORRECT),
  misspelled_field: http(400, 'The name of a form field is misspelled', CORRECT),
  invalid_cursor: http(400, 'The cursor is not valid', 'Start from the first page.'),
  unauthorized: http(401, 'A valid key is needed', 'Send a valid key.'),
  forbidden: {
    ...http(403, 'The key does not allow this', 'Use a key with the scope that `detail` names.'),
    push: 'The key does not allow this subscription',
  },
  host_forbidden: {
    ...http(
      403,
      'This server does not accept that host name',
      'The operator adds the name to `ALLOWED_HOSTS` of the server that refused it.',
    ),
    processor: [403, 'The processor does not accept the host name in PROCESSOR_URL.'],
  },
  origin_forbidden: http(
    403,
    'This origin may not call the API',
    'The operator adds the origin to `ALLOWED_ORIGINS`.',
  ),
  idempotency_key_reused: http(
    422,
    'This Idempotency-Key belongs to another upload',
    'Use another key for another upload.',
  ),
  batch_full: http(409, 'The batch takes no more jobs', 'Upload with another `batch`.'),
  job_has_ended: http(409, 'The job has ended', 'Read the job.'),
  job_not_failed: http(409, 'The job has not failed', 'Read the job.'),
  file_gone: http(410, 'The original is no longer in the store', UPLOAD_AGAIN),
  range_not_satisfiable: http(
    416,
    'The range begins after the end of the file',
    'Request a range within the size that `Content-Range` names.',
  ),
  not_found: {
    ...http(
      404,
      'There is nothing here',
      'Correct the address. For a processor, the operator corrects `PROCESSOR_URL`.',
    ),
    processor: [404, 'There is no such call.'],
  },
  job_not_found: { ...http(404, 'There is no such job', LOOK), push: 'Sluice does not know these jobs' },
  document_not_found: http(404, 'There is no such document', LOOK),
  collection_not_found: http(404, 'There is no such collection', 'Correct the name, or upload to it first.'),
  batch_not_found: {
    ...http(404, 'There is no such batch', 'Correct the name. An ended batch expires.'),
    push: 'There is no such batch now; the subscription waits for one',
  },
  model_not_found: http(
    404,
    'There is no such embedding model',
    'Name the model that `detail` names. A collection may hold the vectors of another.',
  ),
  unsupported_protocol: http(
    400,
    'This server speaks another version of the protocol',
    'Offer the subprotocol that `detail` names. A page loads itself again.',
  ),
  upgrade_required: http(426, 'This address speaks WebSocket', 'Connect with a WebSocket.'),
  method_not_allowed: http(405, 'This address does not take that method', 'Use a method in `Allow`.'),
  body_too_large: {
    ...http(413, 'The body is too large', 'Send a smaller body.'),
    processor: [413, 'The request body is too large.'],
  },
  too_many_requests: http(
    429,
    'This client has used up a limit',
    'Retry after the seconds in `Retry-After`.',
  ),
  embedding_mismatch: {
    ...http(
      409,
      'The collection was embedded with another model',
      'Set the model of the collection back, use another collection, or delete this one first.',
    ),
    job: 'The collection was embedded with another model',
  },
  internal: {
    ...http(500, 'Something went wrong on our side', RETRY_LATER),
    processor: [500, 'The processor failed.'],
  },
  disk_full: http(507, 'The server has too little free disk space', 'The operator frees disk space.'),
  storage_unavailable: http(503, 'The upload cannot be stored now', RETRY_LATER),
  queue_unavailable: http(503, 'The job queue cannot be reached', RETRY_LATER),
  installation_mismatch: http(
    503,
    'The stores belong to different installations',
    'The operator corrects the setting that the log names.',
  ),
  vector_store_unavailable: {
    ...http(503, 'The vector store cannot be reached', CHECK_CHROMA),
    job: 'The job waits until Chroma is back',
  },
  processor_unavailable: {
    ...http(503, 'The document processor cannot be reached', CHECK_PROCESSOR),
    job: 'The job waits until the processor is back',
  },
  keywords_unavailable: {
    ...http(503, 'The keyword index cannot be reached', CHECK_KEYWORDS),
    job: 'The job waits until the keyword index is back',
  },
  corrupt: document('The file is damaged and cannot be read.', 'Upload a sound copy.'),
  encrypted: document(
    'The file is protected by a password. Upload it without one.',
    'Remove the password, and upload the file again.',
  ),
  no_text_layer: document(
    'The file holds only images, and no text was recognized in them.',
    'Scan it again, larger and with more contrast, or set `OCR_LANGUAGES` to its language.',
  ),
  no_text: document('The file contains no text.', 'Upload a file with text.'),
  unsupported_type: document('This type of file is not supported.', 'Convert the file first.'),
  text_too_long: document('The text of this file is too long.', 'Split the file, or raise `MAX_TEXT_CHARS`.'),
  takes_too_long: document(
    'Reading this file takes too long. Upload it in smaller parts.',
    'Split the file.',
  ),
  wrong_secret: processor(
    401,
    'The processor and its caller have different secrets: set the same PROCESSOR_SECRET for both.',
    'The operator sets one `PROCESSOR_SECRET`. The job waits.',
  ),
  parser_crashed: processor(
    500,
    'The parser broke down while it read this file.',
    'Upload another form of the document.',
  ),
  deadline: processor(
    504,
    'The document takes longer to process than it may.',
    'Split the file, or raise `PROCESSOR_TIMEOUT_MS`.',
  ),
  embedder_unreachable: processor(
    503,
    'The embedding service cannot be reached.',
    `${CHECK_EMBEDDER} The job waits.`,
  ),
  embedder_unavailable: processor(503, 'The embedding service does not respond in time.', CHECK_EMBEDDER),
  embedder_refused: processor(422, 'The embedding service refused the request.', CHECK_EMBEDDER),
  cancelled: job('A client cancelled the job', 'Retry the job if it is wanted after all.'),
  stalled: job('Too many workers were lost while they held the job', RETRY_LATER),
  invalid_payload: job('The stored job makes no sense', UPLOAD_AGAIN),
  file_missing: job('The original is no longer in the store', UPLOAD_AGAIN),
  embedding_model_changed: job('The processor changed its embedding model during the run', 'Retry the job.'),
  collection_reembedding: job(
    'Another job embeds the collection again; the job waits',
    'Wait for the end of that job. Retry this one if it has failed.',
  ),
  content_changed: job('The stored file is not the uploaded one', UPLOAD_AGAIN),
  document_changed: job(
    'The document was replaced or deleted during a reindex',
    'Read the document. Reindex it again if it is still there.',
  ),
  bad_answer: job('A response of the processor breaks its contract', CHECK_PROCESSOR),
  processor_lost: job('The connection to the processor broke again and again', CHECK_PROCESSOR),
  vector_store_damaged: job('The data of Chroma are damaged; the job waits', 'The operator restores Chroma.'),
  vector_store_refused: job('Chroma refused the chunks', CHECK_CHROMA),
  vector_store_failed: job('Chroma failed', CHECK_CHROMA),
  vector_store_timeout: job('Chroma did not respond in time', CHECK_CHROMA),
  keywords_damaged: job('The keyword index cannot read or write its files; the job waits', CHECK_KEYWORDS),
  keywords_failed: job('The keyword index failed', CHECK_KEYWORDS),
  keywords_timeout: job('The keyword index did not respond in time', CHECK_KEYWORDS),
  dead_generation: job('The chunks were deleted while the job still wrote them', 'Read the document.'),
  invalid_message: push('A message does not fit the protocol', 'Correct the message as `detail` says.'),
  unknown_type: push('The protocol has no such type of message', 'Use a type that `detail` names.'),
  unknown_channel: push('This server has no such channel', 'Use a channel that `detail` names.'),
  unknown_field: push('The message has a field that its type lacks', 'Correct or remove the field.'),
  message_too_large: push('A message has more than 64 KiB', 'Send several smaller messages.'),
  subscription_in_use: push('The session has a subscription with this id', 'Use another id.'),
  too_many_subscriptions: push('The session has used up its subscriptions or jobs', 'End one first.'),
} as const satisfies Record<string, ErrorEntry>;

type Entries = typeof ERROR_CODES;
export type ErrorCode = keyof Entries;
/** The codes whose entry has a field. */
export type CodesWith<Field extends object> = {
  [Code in ErrorCode]: Entries[Code] extends Field ? Code : never;
}[ErrorCode];

export type ProblemCode = CodesWith<{ http: object }>;
/** A code that a worker can write as `error_code`; `http_` and a status where a processor sends no code. */
export type JobErrorCode =
  | CodesWith<{ job: string } | { document: string } | { processor: object }>
  | `http_${number}`;
/** A code of an `error` message of the push. */
export type PushErrorCode = CodesWith<{ push: string }>;

/** Lists the codes whose entry has a field, in the order of the list. */
export function codesWith<Name extends keyof ErrorEntry>(
  name: Name,
): CodesWith<Record<Name, NonNullable<ErrorEntry[Name]>>>[] {
  return (Object.keys(ERROR_CODES) as ErrorCode[]).filter(
    (code): code is ReturnType<typeof codesWith<Name>>[number] => name in ERROR_CODES[code],
  );
}

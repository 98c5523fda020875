import * as v from 'valibot';

import {
  DOCUMENT_ERRORS,
  FIRST_FAULT,
  PROCESSOR_ERRORS,
  type DocumentErrorCode,
  type ProcessorErrorCode,
} from '../contract/services/processor.ts';
import { wellFormed } from '../well-formed.ts';

export type ErrorCode = DocumentErrorCode | ProcessorErrorCode;

const MAX_QUOTE_CHARS = 200;

interface Details extends ErrorOptions {
  /** Replaces the code's default text. The document's owner reads it. */
  detail?: string;
  /** Value of the header `Retry-After`. */
  retryAfter?: string;
}

/**
 * An error with a code of the contract and a text that callers may see. Its `cause` goes to the log and never leaves
 * the process.
 */
export class ProcessorError extends Error {
  override name = 'ProcessorError';
  readonly code: ErrorCode;
  readonly retryAfter: string | undefined;

  constructor(code: ErrorCode, { detail, retryAfter, ...options }: Details = {}) {
    super(detail ?? usualDetail(code), options);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** Returns whether a code blames the document itself. */
export function isDocumentError(code: ErrorCode): code is DocumentErrorCode {
  return Object.hasOwn(DOCUMENT_ERRORS, code);
}

function usualDetail(code: ErrorCode): string {
  return isDocumentError(code) ? DOCUMENT_ERRORS[code] : PROCESSOR_ERRORS[code].detail;
}

/** Creates `unsupported_type`. `name` describes the file in plain words, such as "a PNG image". */
export function unsupported(name?: string): ProcessorError {
  const detail = usualDetail('unsupported_type');
  return new ProcessorError('unsupported_type', {
    detail: name === undefined ? detail : `${detail} It seems to be ${name}.`,
  });
}

/** Returns a code's HTTP status: 422 for every error of a document. */
export function statusOf(code: ErrorCode): number {
  return isDocumentError(code) ? 422 : PROCESSOR_ERRORS[code].status;
}

/**
 * Parses the JSON body of a request.
 * @throws {ProcessorError} `invalid_request` with the schema's first issue. The caller's developer reads the text
 */
export function parseRequest<S extends v.GenericSchema>(schema: S, body: string): v.InferOutput<S> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw new ProcessorError('invalid_request', {
      detail: 'The body is not JSON. Send a JSON object.',
      cause: error,
    });
  }
  const parsed = v.safeParse(schema, value, FIRST_FAULT);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  const where = path === null ? '' : ` At ${path}:`;
  throw new ProcessorError('invalid_request', {
    // The message may quote a whole request.
    detail: `${PROCESSOR_ERRORS.invalid_request.detail}${where} ${wellFormed(issue.message, MAX_QUOTE_CHARS)}.`,
  });
}

/** Converts a thrown value to a {@link ProcessorError}. Unknown errors become `internal`, with the value as cause. */
export function toProcessorError(error: unknown): ProcessorError {
  return error instanceof ProcessorError ? error : new ProcessorError('internal', { cause: error });
}

/** Responds with an error as `application/problem+json`: status, `code` and `detail`. */
export function problemResponse(error: ProcessorError): Response {
  const status = statusOf(error.code);
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  if (error.retryAfter !== undefined) headers.set('retry-after', error.retryAfter);
  const body = { type: 'about:blank', status, code: error.code, detail: error.message };
  return new Response(JSON.stringify(body), { status, headers });
}

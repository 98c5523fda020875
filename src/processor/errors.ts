import * as v from 'valibot';

import {
  DOCUMENT_ERRORS,
  PROCESSOR_ERRORS,
  type DocumentErrorCode,
  type ProcessorErrorCode,
} from '../contract/processor.ts';
import { wellFormed } from '../well-formed.ts';

export type ErrorCode = DocumentErrorCode | ProcessorErrorCode;

const MAX_QUOTE_CHARS = 200;

interface Details extends ErrorOptions {
  /** Replaces the code's usual words; written for the document's owner. */
  detail?: string;
  /** Goes out as `Retry-After`. */
  retryAfter?: string;
}

/**
 * An error that a caller may see: a code of the contract and words for a person. What caused it goes into
 * `cause`, for the log, and never leaves the process.
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

/** The file cannot be read; `name` says what it is, as a person would: "a PNG image". */
export function unsupported(name?: string): ProcessorError {
  const detail = usualDetail('unsupported_type');
  return new ProcessorError('unsupported_type', {
    detail: name === undefined ? detail : `${detail} It seems to be ${name}.`,
  });
}

/** The HTTP status that goes with a code: 422 for everything that is wrong with a document. */
export function statusOf(code: ErrorCode): number {
  return isDocumentError(code) ? 422 : PROCESSOR_ERRORS[code].status;
}

/** A request that a schema refuses, in words for whoever wrote the caller. */
export function invalidRequest([issue]: readonly [
  v.BaseIssue<unknown>,
  ...v.BaseIssue<unknown>[],
]): ProcessorError {
  const path = v.getDotPath(issue);
  const where = path === null ? '' : ` At ${path}:`;
  return new ProcessorError('invalid_request', {
    // It may quote what was sent, whole.
    detail: `${PROCESSOR_ERRORS.invalid_request.detail}${where} ${wellFormed(issue.message, MAX_QUOTE_CHARS)}.`,
  });
}

/** Anything thrown as a {@link ProcessorError}: what is not one already becomes `internal`, with it as cause. */
export function toProcessorError(error: unknown): ProcessorError {
  return error instanceof ProcessorError ? error : new ProcessorError('internal', { cause: error });
}

/** An error as the contract sends it: `application/problem+json` with its status, `code` and `detail`. */
export function problemResponse(error: ProcessorError): Response {
  const status = statusOf(error.code);
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  if (error.retryAfter !== undefined) headers.set('retry-after', error.retryAfter);
  const body = { type: 'about:blank', status, code: error.code, detail: error.message };
  return new Response(JSON.stringify(body), { status, headers });
}

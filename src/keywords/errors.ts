import * as v from 'valibot';

import { KEYWORD_ERRORS, type KeywordErrorCode } from '../contract/services/keywords.ts';
import { FIRST_FAULT } from '../contract/services/processor.ts';
import { wellFormed } from '../well-formed.ts';

const MAX_QUOTE_CHARS = 200;

/** An error with a code of the contract and a text for the caller. Its `cause` goes to the log. */
export class KeywordError extends Error {
  override name = 'KeywordError';
  readonly code: KeywordErrorCode;

  constructor(code: KeywordErrorCode, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.code = code;
  }
}

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) for a file that holds other bytes than were written. */
const DAMAGED = new Set([11 /* SQLITE_CORRUPT */, 26 /* SQLITE_NOTADB */]);
/** Primary result codes for a file that cannot be read or written now. */
const UNUSABLE = new Set([
  3 /* SQLITE_PERM */, 5 /* SQLITE_BUSY */, 8 /* SQLITE_READONLY */, 10 /* SQLITE_IOERR */,
  13 /* SQLITE_FULL */, 14 /* SQLITE_CANTOPEN */,
]);

/** Returns whether SQLite found a file damaged. */
export function isDamage(error: unknown): boolean {
  return DAMAGED.has(resultCode(error));
}

/** Converts a thrown value to a {@link KeywordError}. */
export function toKeywordError(error: unknown): KeywordError {
  if (error instanceof KeywordError) return error;
  if (UNUSABLE.has(resultCode(error))) {
    const detail = 'The keyword index cannot read or write its files. Its log says why.';
    return new KeywordError('storage_failed', detail, { cause: error });
  }
  return new KeywordError('internal', 'The keyword index failed. Its log says why.', { cause: error });
}

function resultCode(error: unknown): number {
  // The lowest byte of an extended code is the primary one.
  return Number((error as { errcode?: unknown }).errcode ?? 0) & 0xff;
}

/** Parses the JSON body of a request. @throws {KeywordError} `invalid_request` with the first fault */
export function parseRequest<S extends v.GenericSchema>(schema: S, body: string): v.InferOutput<S> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), body, FIRST_FAULT);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue) ?? 'the body';
  // The message may quote a whole request.
  throw new KeywordError('invalid_request', `At ${path}: ${wellFormed(issue.message, MAX_QUOTE_CHARS)}.`);
}

/** Responds with an error as `application/problem+json`. */
export function problemResponse({ code, message: detail }: KeywordError): Response {
  const status = KEYWORD_ERRORS[code];
  const body = { type: 'about:blank', status, code, detail };
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });
}

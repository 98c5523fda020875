import type { JobErrorCode } from '../../contract/error-codes.ts';
import type { Stage } from '../../contract/job.ts';
import { DOCUMENT_ERRORS } from '../../contract/services/processor.ts';
import { DependencyError, type FailureCode } from '../../errors.ts';
import { DocumentChangedError, ModelNotTakenError } from '../../jobs/transitions/registration-errors.ts';
import { LONGEST_BACKOFF_MS } from '../../jobs/transitions/longest-backoff.ts';
import { BlobNotFoundError } from '../../blobs/blob-paths.ts';
import { BlobChangedError } from '../../blobs/verify-content.ts';
import { wellFormed } from '../../well-formed.ts';

const BASE_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;

/** Decision about a job after a failed attempt. */
export type RetryDecision =
  | { action: 'retry'; delayMs: number; error: string; errorCode: FailureCode }
  | { action: 'fail'; message: string; error: string; errorCode: FailureCode };

/** Reports a job that can never succeed, for a reason of the pipeline's own. */
export class PermanentJobError extends Error {
  override name = 'PermanentJobError';
  readonly code: JobErrorCode;

  constructor(code: JobErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Reports that the worker gives a job back. The job is not at fault, so no retry is counted. */
export class GiveBackError extends Error {
  override name = 'GiveBackError';
}

const FAILED: Record<Stage, string> = {
  parse: 'Parsing failed',
  chunk: 'Chunking failed',
  embed: 'Embedding failed',
  store: 'Storing failed',
};

/**
 * Decides about a failed attempt. No other place classifies errors.
 *
 * | failure | decision |
 * |---|---|
 * | the document (4xx with a code), an invalid payload, a changed file | fail at once |
 * | a file that is missing twice from a proved blob store | fail at once |
 * | a document that was replaced or deleted while it was indexed again | fail at once |
 * | an embedding model of the processor that the collection does not take | fail at once |
 * | more crashed parsers or cut calls than their budgets allow | fail at once |
 * | a model that only the registration refuses, because the present one may fit | the documented retries, then fail |
 * | 5xx, 408, 429, a deadline, anything unforeseen | the documented retries, then fail |
 *
 * Unreachable services never get here, because a job waits for them ({@link RetryingCaller}). A store of another
 * installation does not either, because the worker gives the job back.
 */
export function decideRetry(
  error: unknown,
  stage: Stage,
  retryCount: number,
  maxRetries: number,
): RetryDecision {
  const { permanent, code, text: words, retryAfterMs } = classify(error);
  const text = wellFormed(words);
  if (permanent || retryCount >= maxRetries) {
    return { action: 'fail', message: FAILED[stage], error: text, errorCode: code };
  }
  const delayMs = Math.min(retryAfterMs ?? backoff(retryCount), LONGEST_BACKOFF_MS);
  return { action: 'retry', delayMs, error: text, errorCode: code };
}

/** Returns whether the user's own document caused a failure, and not Sluice or its services. */
export function isForeseen(error: unknown): boolean {
  if (error instanceof DependencyError) return Object.hasOwn(DOCUMENT_ERRORS, error.code);
  return error instanceof PermanentJobError || error instanceof DocumentChangedError;
}

/** Computes an exponential backoff in ms, with full jitter, so that jobs that failed together return apart. */
export function backoff(retries: number): number {
  return Math.round(Math.random() * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** retries));
}

function classify(error: unknown): {
  permanent: boolean;
  code: FailureCode;
  text: string;
  retryAfterMs?: number | undefined;
} {
  if (error instanceof DependencyError) {
    const { kind, code, message, retryAfterMs } = error;
    return { permanent: kind !== 'transient', code, text: message, retryAfterMs };
  }
  if (error instanceof PermanentJobError) return { permanent: true, code: error.code, text: error.message };
  if (error instanceof BlobNotFoundError) {
    return { permanent: true, code: 'file_missing', text: 'The uploaded file is no longer in the store.' };
  }
  if (error instanceof BlobChangedError) {
    const text =
      'The stored file is not the one that was uploaded: its content has changed. Upload it again.';
    return { permanent: true, code: 'content_changed', text };
  }
  if (error instanceof DocumentChangedError) {
    const text = 'The document was replaced or deleted while it was indexed again.';
    return { permanent: true, code: 'document_changed', text };
  }
  if (error instanceof ModelNotTakenError) {
    const text =
      'The collection got documents of another embedding model meanwhile. Use another collection, or set that model.';
    return { permanent: false, code: 'embedding_mismatch', text };
  }
  return { permanent: false, code: 'internal', text: 'An unexpected error occurred.' };
}

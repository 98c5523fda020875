import type { Dispatcher } from 'undici';

import {
  RESPONSE_LIMITS,
  PROCESSOR_ERRORS,
  ProcessorProblemSchema,
  type ServiceCode,
} from '../contract/services/processor.ts';
import { DependencyError } from '../errors.ts';
import { badResponse, readJson } from './responses.ts';

/** Error codes of a connection that broke after it was made. */
const CUT = new Set([
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_ABORTED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);
const TOO_SLOW = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
/** Errors of a peer that is no HTTP server, or speaks HTTP wrongly. */
const GARBLED = new Set(['HTTPParserError', 'HeadersOverflowError']);

/** No processor gives these to a call of the contract, so PROCESSOR_URL leads to something else. */
const NO_SUCH_CALL = new Set([404, 405]);

/** Status of a response that refuses a document. */
const DOCUMENT_STATUS = 422;

/** Explains a call that ended without a response. Returns every other error unchanged. */
export function explainFailure(error: unknown, timeoutMs: number): unknown {
  if (error instanceof Error && GARBLED.has(error.name)) return badResponse(error);
  const code = (error as { code?: unknown }).code;
  if (error instanceof DependencyError || typeof code !== 'string') return error;
  if (TOO_SLOW.has(code)) return tooSlow(timeoutMs, error);
  if (CUT.has(code)) {
    const detail = 'The connection to the processor was cut.';
    return new DependencyError('interrupted', 'processor_lost', detail, { cause: error });
  }
  const detail = 'The processor cannot be reached.';
  return new DependencyError('unreachable', 'processor_unavailable', detail, { cause: error });
}

/** Makes the error of a call that exceeded its time. @param afterMs the limit, in ms */
export function tooSlow(afterMs: number, cause?: unknown): DependencyError {
  const detail = `Processor timeout after ${afterMs / 1000}s`;
  return new DependencyError('transient', 'deadline', detail, { cause });
}

/** Explains a response whose status is not 200. */
export async function refusal({
  statusCode,
  headers,
  body,
}: Dispatcher.ResponseData): Promise<DependencyError> {
  if (NO_SUCH_CALL.has(statusCode)) {
    await body.dump();
    return notAProcessor(statusCode);
  }
  const retryAfterMs = readRetryAfter(String(headers['retry-after']));
  try {
    const { code, detail } = await readJson(body, ProcessorProblemSchema, RESPONSE_LIMITS.smallBytes);
    return toFailure(code, detail, statusCode, retryAfterMs);
  } catch (error) {
    if (!(error instanceof DependencyError)) throw error;
    const detail = `The processor responded with HTTP status ${statusCode}.`;
    return new DependencyError('transient', `http_${statusCode}`, detail, { cause: error, retryAfterMs });
  }
}

function notAProcessor(status: number): DependencyError {
  const detail = `PROCESSOR_URL leads to a server that is no processor: it responded with HTTP status ${status}.`;
  return new DependencyError('unreachable', 'processor_unavailable', detail);
}

/** Parses `Retry-After` (RFC 9110): seconds or a date. @returns the delay in ms, or `undefined` for other text */
function readRetryAfter(text: string): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = text.endsWith(' GMT') ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Explains an error line. It has no status, so its code decides. An unknown code blames the document. */
export function lineFailure(code: ServiceCode, detail: string): DependencyError {
  const known: Readonly<Record<string, { status: number } | undefined>> = PROCESSOR_ERRORS;
  return toFailure(code, detail, known[code]?.status ?? DOCUMENT_STATUS);
}

/** Classifies a coded error, as the contract says. A 4xx is permanent, except 408 and 429. */
export function toFailure(
  code: ServiceCode,
  detail: string,
  status: number,
  retryAfterMs?: number,
): DependencyError {
  if (NO_SUCH_CALL.has(status)) return notAProcessor(status);
  // An operator must correct a setting or a secret. Documents wait, because they are not at fault.
  if (code === 'embedder_unreachable' || code === 'host_forbidden' || code === 'wrong_secret')
    return new DependencyError('unreachable', code, detail);
  if (code === 'parser_crashed') return new DependencyError('crashed', code, detail);
  const later =
    status >= 500 || status === 408 || status === 429 || code === 'deadline' || code === 'internal';
  return new DependencyError(later ? 'transient' : 'permanent', code, detail, { retryAfterMs });
}

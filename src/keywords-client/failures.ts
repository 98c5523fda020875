import type { Dispatcher } from 'undici';
import * as v from 'valibot';

import { KeywordProblemSchema, type KeywordErrorCode } from '../contract/services/keywords.ts';
import { DependencyError, type FailureCode, type FailureKind } from '../errors.ts';

/** Error codes of a connection that broke after it was made. The chunks of the call may be the cause. */
const CUT = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);

/** Kind and job code of each refusal. `unreachable` makes jobs wait until an operator has corrected a setting or the disk. */
const REFUSALS: Partial<Record<KeywordErrorCode | 'host_forbidden', readonly [FailureKind, FailureCode]>> = {
  dead_generation: ['permanent', 'dead_generation'],
  installation_mismatch: ['unreachable', 'keywords_unavailable'],
  wrong_secret: ['unreachable', 'keywords_unavailable'],
  host_forbidden: ['unreachable', 'keywords_unavailable'],
  storage_failed: ['unreachable', 'keywords_damaged'],
  busy: ['transient', 'keywords_timeout'],
};

/** Explains a call that ended without a response. Returns every other error unchanged. */
export function explainFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DependencyError) return error;
  if (error.name === 'HTTPParserError') return notAnIndex(error);
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return error;
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return failed(error);
  if (CUT.has(code)) {
    const detail = 'The connection to the keyword index was cut.';
    return new DependencyError('interrupted', 'keywords_unavailable', detail, { cause: error });
  }
  const detail = 'The keyword index cannot be reached.';
  return new DependencyError('unreachable', 'keywords_unavailable', detail, { cause: error });
}

/** Explains a response whose status is not 200. */
export async function refusal({ statusCode, body }: Dispatcher.ResponseData): Promise<DependencyError> {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), KeywordProblemSchema), await body.text());
  if (!read.success || statusCode === 404 || statusCode === 405)
    return notAnIndex(`HTTP status ${statusCode}`);
  const { code, detail } = read.output;
  const known: Readonly<Record<string, readonly [FailureKind, FailureCode]>> = REFUSALS;
  const [kind, ownCode] = known[code] ?? ['transient', 'keywords_failed'];
  return new DependencyError(kind, ownCode, detail);
}

/** Makes the error of a response that breaks the contract. @param cause says how, for the log */
export function failed(cause: unknown): DependencyError {
  return new DependencyError('transient', 'keywords_failed', 'The keyword index failed.', { cause });
}

/** Makes the error of a server that is no index, or of a proxy before one that is away. Jobs wait. */
export function notAnIndex(cause: unknown): DependencyError {
  const detail = 'KEYWORDS_URL leads to a server that is no keyword index: correct it.';
  return new DependencyError('unreachable', 'keywords_unavailable', detail, { cause });
}

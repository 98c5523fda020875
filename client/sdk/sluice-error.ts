/** Facts about a failure, beside its text. */
interface ErrorFacts {
  status?: number | undefined;
  detail?: string | undefined;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/**
 * Reports a failed call, upload or watch. `code` is a code of the server, or one of the SDK's own: `unreachable`,
 * `timeout`, `aborted`, `bad_response`, `closed`.
 */
export class SluiceError extends Error {
  override name = 'SluiceError';
  readonly code: string;
  /** HTTP status; absent without a response. */
  readonly status: number | undefined;
  /** Words for a person; absent if the server sent none. */
  readonly detail: string | undefined;
  /** Pause that the server asks for, in ms. */
  readonly retryAfterMs: number | undefined;

  constructor(code: string, message: string, { status, detail, retryAfterMs, cause }: ErrorFacts = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Parses `Retry-After`: seconds or a date. @returns ms; `undefined` without one */
export function readRetryAfter(value: string | null, now = Date.now()): number | undefined {
  if (value === null || value.trim() === '') return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** Makes the error of a refused request. It accepts any body, because a proxy may have sent it. */
export function toSluiceError(status: number, body: string, retryAfter: string | null): SluiceError {
  const { code, title, detail } = readProblem(body);
  const words = detail ?? (title ? `${title}.` : `The server responded with an error (HTTP ${status}).`);
  const retryAfterMs = readRetryAfter(retryAfter);
  return new SluiceError(code ?? `http_${status}`, words, { status, detail, retryAfterMs });
}

function readProblem(body: string): { code?: string; title?: string; detail?: string } {
  try {
    const { code, title, detail } = JSON.parse(body) as Record<string, unknown>;
    return {
      ...(typeof code === 'string' && { code }),
      ...(typeof title === 'string' && { title }),
      ...(typeof detail === 'string' && { detail }),
    };
  } catch {
    return {};
  }
}

/** Statuses below 500 that pass: the line was too slow, or the client used up a limit. */
const PASSING: readonly (number | undefined)[] = [408, 429];

/** Returns whether the same request may succeed later: after a loss of the line, 408, 429 and 5xx. */
export function isPassing(error: unknown): error is SluiceError {
  if (!(error instanceof SluiceError)) return false;
  const { code, status } = error;
  if (status === undefined) return code === 'unreachable' || code === 'timeout';
  return status >= 500 || PASSING.includes(status);
}

/** Returns whether no response came, so that the line itself may be down. */
export function isLineDown(error: unknown): boolean {
  return isPassing(error) && error.status === undefined;
}

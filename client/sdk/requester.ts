import { Backoff } from './backoff.ts';
import { sleep } from './sleep.ts';
import type { KeySource } from './key-source.ts';
import { isPassing, SluiceError, toSluiceError } from './sluice-error.ts';

/** Longest request, in ms. It suffices for a slow line. A request without an end would block its caller. */
const TIMEOUT_MS = 15_000;
/** Tries of a request that may be repeated. More would hide an outage from the caller. */
const TRIES = 3;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
  /** Number of tries; 1 for a request that must not be repeated. */
  tries?: number;
}

/** A response that is no error, or 304. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
}

/** Sends requests with the client's key. It ends each in time, and turns every failure into a `SluiceError`. */
export class Requester {
  readonly base: URL;
  readonly #keys: KeySource;

  /** @param base address of the server, with a slash at its end */
  constructor(base: URL, keys: KeySource) {
    this.base = base;
    this.#keys = keys;
  }

  /** Sends a request, and parses the JSON of its response. */
  async json<T>(path: string, options: RequestOptions = {}): Promise<T> {
    const { text, status } = await this.send(path, options);
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      const words = 'The server sent a response that is no JSON. Check the address of the server.';
      throw new SluiceError('bad_response', words, { status, cause });
    }
  }

  /** Sends a request, and again after a failure that passes. @throws {SluiceError} */
  async send(path: string, options: RequestOptions = {}): Promise<Reply> {
    const backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
    for (let left = options.tries ?? TRIES; ; left--) {
      try {
        return await this.#sendOnce(path, options);
      } catch (error) {
        if (left <= 1 || !isPassing(error)) throw error;
        const pauseMs = Math.max(backoff.next(), error.retryAfterMs ?? 0);
        if (pauseMs > LONGEST_PAUSE_MS) throw error;
        await sleep(pauseMs, options.signal);
      }
    }
  }

  /** Opens a response whose body the caller reads. @throws {SluiceError} */
  async open(path: string, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    const key = await this.#keys.current();
    const response = await this.#fetch(path, {
      headers: { ...headers, ...authorization(key) },
      ...(signal && { signal }),
    });
    if (response.ok) return response;
    const error = await toError(response);
    if (response.status !== 401) throw error;
    await this.#keys.replace(key, error);
    return this.open(path, headers, signal);
  }

  async #sendOnce(path: string, options: RequestOptions): Promise<Reply> {
    const { method = 'GET', body, headers = {}, signal, timeoutMs = TIMEOUT_MS } = options;
    const key = await this.#keys.current();
    const timeout = AbortSignal.timeout(timeoutMs);
    const response = await this.#fetch(
      path,
      {
        method,
        headers: {
          ...headers,
          ...authorization(key),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      },
      signal,
    );
    if (response.status === 401) {
      await this.#keys.replace(key, await toError(response));
      return this.#sendOnce(path, options);
    }
    if (!response.ok && response.status !== 304) throw await toError(response);
    const text = await response.text().catch((cause: unknown) => {
      throw toLineError(cause, signal);
    });
    return { status: response.status, headers: response.headers, text };
  }

  async #fetch(path: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
    try {
      return await fetch(new URL(path, this.base), init);
    } catch (cause) {
      throw toLineError(cause, signal ?? init.signal ?? undefined);
    }
  }
}

/** Returns the header that carries a key. */
export function authorization(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

async function toError(response: Response): Promise<SluiceError> {
  const text = await response.text().catch(() => '');
  return toSluiceError(response.status, text, response.headers.get('retry-after'));
}

/** Makes the error of a request without a response. @param signal the caller's own */
function toLineError(cause: unknown, signal: AbortSignal | undefined): SluiceError {
  if (signal?.aborted) return new SluiceError('aborted', 'The call was aborted.', { cause: signal.reason });
  if (cause instanceof Error && cause.name === 'TimeoutError')
    return new SluiceError('timeout', 'The server did not respond in time. Try again.', { cause });
  const words = 'The server cannot be reached. Check the connection, and try again.';
  return new SluiceError('unreachable', words, { cause });
}

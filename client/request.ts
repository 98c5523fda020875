import * as v from 'valibot';

import { currentKey, keyHeaders, refuseKey } from './key.ts';
import { ChunkListSchema, type Chunk } from '../src/contract/documents.ts';
import { SearchResponseSchema, type SearchRequest, type SearchResponse } from '../src/contract/search.ts';
import { JobSchema, type Job } from '../src/contract/job.ts';
import { ProblemSchema } from '../src/contract/problem.ts';
import { SettingsSchema } from '../src/contract/settings.ts';

/** Longest request, in ms. It suffices for a slow line. A request without an end would block its caller. */
const TIMEOUT_MS = 15_000;

/** Reports a failed request in words for a person. `status` is absent without a response. */
export class RequestError extends Error {
  override name = 'RequestError';
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** Makes the error of a failed response. It accepts any body, because a proxy may have sent it. */
export function toRequestError(status: number, body: string): RequestError {
  const problem = v.safeParse(v.pipe(v.string(), v.parseJson(), ProblemSchema), body);
  if (!problem.success)
    return new RequestError(`The server responded with an error (HTTP ${status}).`, status);
  const { title, detail } = problem.output;
  return new RequestError(detail ?? `${title}.`, status);
}

/**
 * Returns the gateway's address: `ws` beside this page, unless the server names another.
 * @returns `undefined` while the server asks for a key
 */
export async function readGatewayUrl(): Promise<URL | undefined> {
  const own = new URL('ws', document.baseURI);
  own.protocol = own.protocol === 'https:' ? 'wss:' : 'ws:';
  try {
    const { body } = await ask('api/settings', SettingsSchema);
    return new URL(body.gateway_url ?? own);
  } catch (error) {
    if (error instanceof RequestError && error.status === 401) return undefined;
    // A server that fails now may soon return, and its own gateway is the best guess.
    return own;
  }
}

/** A job's state with the epoch of its version. */
type JobResponse = { job: Job; epoch: string } | 'unchanged' | 'unknown';

/**
 * Reads a job.
 * @param known the state that the page has; the server does not send it again
 */
export async function readJob(
  id: string,
  known: { epoch: string; version: number } | undefined,
): Promise<JobResponse> {
  const headers: Record<string, string> = known
    ? { 'if-none-match': `"${known.epoch}-${known.version}"` }
    : {};
  try {
    const { body, etag } = await ask(`api/jobs/${encodeURIComponent(id)}`, JobSchema, { headers });
    // The tag is "epoch-version". A proxy that compresses marks it as weak.
    const epoch = /^(?:W\/)?"(.*)-\d+"$/.exec(etag ?? '')?.[1] ?? '';
    return { job: body, epoch };
  } catch (error) {
    if (error instanceof RequestError && error.status === 304) return 'unchanged';
    if (error instanceof RequestError && error.status === 404) return 'unknown';
    throw error;
  }
}

/** Reads a document's first chunks. */
export async function readChunks(documentId: string, limit: number): Promise<Chunk[]> {
  const { body } = await ask(
    `api/documents/${encodeURIComponent(documentId)}/chunks?limit=${limit}`,
    ChunkListSchema,
  );
  return body.chunks;
}

/** Finds the chunks of a collection that match the query by words and meaning, best first. */
export async function search(
  request: Pick<SearchRequest, 'collection' | 'query' | 'limit'>,
  signal: AbortSignal,
): Promise<SearchResponse> {
  const { body } = await ask('api/search', SearchResponseSchema, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  });
  return body;
}

async function ask<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
  options: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
): Promise<{ body: v.InferOutput<Schema>; etag: string | null }> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const used = currentKey();
  let response: Response;
  let text: string;
  try {
    const headers = { ...options.headers, ...keyHeaders() };
    response = await fetch(new URL(path, document.baseURI), { ...options, headers, signal });
    text = await response.text();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new RequestError('The server cannot be reached. Check the connection, and try again.');
  }
  if (response.status === 401) refuseKey(used);
  if (!response.ok) throw toRequestError(response.status, text);
  const body = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (!body.success)
    throw new RequestError('The server sent a response that this page does not understand. Reload the page.');
  return { body: body.output, etag: response.headers.get('etag') };
}

import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import * as v from 'valibot';

import { FIRST_FAULT, type EmbedRequest, type EmbedResponse } from '../../contract/services/processor.ts';
import { wellFormed } from '../../well-formed.ts';
import { ProcessorError } from '../errors.ts';
import type { Caller, PendingResponse } from '../pool/task-run.ts';
import type { Embedder } from './embedder.ts';

/** Longest quote of the service's response in an error, in characters. */
const MAX_QUOTE_CHARS = 1000;

const EmbeddingsResponseSchema = v.object({
  data: v.array(v.object({ index: v.number(), embedding: v.pipe(v.array(v.number()), v.minLength(1)) })),
});

export interface OpenAiOptions {
  /** `http://host`, `http://host/v1`, or the full address of its embeddings call. */
  url: string;
  /** Default model of requests. */
  model: string;
  apiKey: string | undefined;
  /** Longest call from its start to the response's last byte, in ms. */
  timeoutMs: number;
}

/** Longest wait for a connection, in ms. Callers wait 2 s for a processor's health. */
const CONNECT_MS = 1000;

/**
 * Time in ms for which the length of the last vectors counts as known. A server may change its model under the same name.
 * Only its next response shows that. An outdated length could refuse the very uploads that cause a response.
 */
const LENGTH_KNOWN_MS = 60_000;

/** Error codes of calls that never reached the server. */
const NEVER_ARRIVED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Embeds with any server that offers OpenAI's `POST /v1/embeddings`. */
export class OpenAiEmbedder implements Embedder {
  /** Texts in a call. A server's cost depends on calls as much as on texts. */
  readonly batch = 32;
  readonly model: string;
  readonly #options: OpenAiOptions;
  readonly #url: string;
  #last = { dimensions: 0, at: -Infinity };

  constructor(options: OpenAiOptions) {
    this.#options = options;
    this.model = options.model;
    this.#url = embeddingsUrl(options.url);
  }

  /** Length of the last vectors; `undefined` after {@link LENGTH_KNOWN_MS}. No probe asks for it, because a call may cost money. */
  get dimensions(): number | undefined {
    return performance.now() - this.#last.at < LENGTH_KNOWN_MS ? this.#last.dimensions : undefined;
  }

  embed(request: EmbedRequest, { signal }: Caller): PendingResponse {
    const response = this.#embed(request, signal).then((json) => Readable.from([Buffer.from(json)]));
    return { turn: Promise.resolve(), response };
  }

  async reachable(): Promise<boolean> {
    const { hostname, port, protocol } = new URL(this.#url);
    const socket = connect(
      Number(port) || (protocol === 'https:' ? 443 : 80),
      hostname.replace(/^\[|\]$/g, ''),
    );
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }

  async #embed({ texts, model = this.#options.model }: EmbedRequest, signal: AbortSignal): Promise<string> {
    const body = { model, input: texts, encoding_format: 'float' };
    const response = v.safeParse(EmbeddingsResponseSchema, await this.#post(body, signal), FIRST_FAULT);
    if (!response.success) throw malformed(v.summarize(response.issues));
    const embeddings = inOrder(response.output.data, texts.length);
    const dimensions = embeddings[0]?.length ?? 0;
    if (embeddings.some((vector) => vector.length !== dimensions))
      throw malformed('the service sent vectors of several lengths');
    if (model === this.model) this.#last = { dimensions, at: performance.now() };
    return JSON.stringify({ embeddings, model, dimensions } satisfies EmbedResponse);
  }

  async #post(body: unknown, caller: AbortSignal): Promise<unknown> {
    const { apiKey, timeoutMs } = this.#options;
    try {
      const response = await request(this.#url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.any([caller, AbortSignal.timeout(timeoutMs)]),
      });
      if (response.statusCode !== 200) throw await refusal(response);
      return await response.body.json();
    } catch (error) {
      if (error instanceof ProcessorError) throw error;
      if (error instanceof SyntaxError) throw malformed(error.message);
      const code = (error as { code?: unknown }).code;
      const reached = typeof code !== 'string' || !NEVER_ARRIVED.has(code);
      throw new ProcessorError(reached ? 'embedder_unavailable' : 'embedder_unreachable', { cause: error });
    }
  }
}

/** Derives the address of the embeddings call from an operator's URL. */
function embeddingsUrl(base: string): string {
  const url = new URL(base);
  const path = url.pathname.replace(/\/+$/, '');
  if (!path.endsWith('/embeddings')) url.pathname = `${path || '/v1'}/embeddings`;
  return url.href;
}

async function refusal({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<ProcessorError> {
  const cause = new Error(
    `the embedding service responded with status ${statusCode}: ${wellFormed(await body.text(), MAX_QUOTE_CHARS)}`,
  );
  const passes = statusCode === 408 || statusCode === 429 || statusCode >= 500;
  if (!passes) return new ProcessorError('embedder_refused', { cause });
  const retryAfter = headers['retry-after'];
  return new ProcessorError('embedder_unavailable', {
    cause,
    detail: `The embedding service responded with status ${statusCode}.`,
    ...(typeof retryAfter === 'string' && { retryAfter }),
  });
}

function malformed(reason: string): ProcessorError {
  return new ProcessorError('internal', {
    detail: 'The embedding service responded with something other than embeddings.',
    cause: new Error(reason),
  });
}

/** Sorts the vectors into the order of the texts. */
function inOrder(data: v.InferOutput<typeof EmbeddingsResponseSchema>['data'], count: number): number[][] {
  const sorted = data.toSorted((a, b) => a.index - b.index);
  if (sorted.length !== count || sorted.some(({ index }, place) => index !== place)) {
    throw malformed(`the service sent ${data.length} vectors for ${count} texts`);
  }
  return sorted.map(({ embedding }) => embedding);
}

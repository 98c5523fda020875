import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { Agent, request, type Dispatcher } from 'undici';
import * as v from 'valibot';

import {
  ChunkResponseSchema,
  DOCUMENT_HEADER,
  EmbedResponseSchema,
  ParseEventSchema,
  ParseResponseSchema,
  ProcessorHealthSchema,
  ProcessorProblemSchema,
  type ChunkRequest,
  type ChunkResponse,
  type EmbedRequest,
  type EmbedResponse,
  type ParseResponse,
  type ProcessorHealth,
} from './contract/processor.ts';
import { DependencyError } from './errors.ts';

const CONNECT_TIMEOUT_MS = 2000;
const HEALTH_TIMEOUT_MS = 2000;
/** How a broken connection shows, other than by never being made. */
const CUT = new Set([
  'UND_ERR_SOCKET',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_ABORTED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);
const TOO_SLOW = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** What a call is made of, beside its path. */
type Call = Pick<Partial<Dispatcher.RequestOptions>, 'method' | 'body'> & {
  headers?: Record<string, string>;
};

/** A file to parse, opened anew for each call. */
export interface ParseSource {
  filename: string;
  mediaType: string | undefined;
  open(): Promise<{ stream: Readable; size: number }>;
}

/**
 * Calls the processor (`contract/processor.ts`). Every method throws a {@link DependencyError} that says what
 * the failure means, or the signal's reason when it was aborted.
 */
export class ProcessorClient {
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #agent: Agent;
  readonly #headers: Record<string, string>;

  /**
   * @param url the processor's base URL
   * @param timeoutMs the longest silence during a parse, and the longest wait for any other answer
   * @param like what it shares with another client, and the headers of all its calls
   */
  constructor(url: string, timeoutMs: number, like?: { agent: Agent; headers: Record<string, string> }) {
    this.#url = url.replace(/\/$/, '');
    this.#timeoutMs = timeoutMs;
    const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
    this.#agent = like?.agent ?? new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS }, ...limits });
    this.#headers = like?.headers ?? {};
  }

  /** This client for the calls of one document, which take turns as one with those of others. */
  forDocument(id: string): ProcessorClient {
    const headers = { [DOCUMENT_HEADER]: encodeURIComponent(id.toWellFormed()) };
    return new ProcessorClient(this.#url, this.#timeoutMs, { agent: this.#agent, headers });
  }

  /**
   * Parses a document.
   * @param onPages hears how many pages are done, as it goes
   */
  async parse(
    source: ParseSource,
    signal: AbortSignal,
    onPages: (done: number, total: number) => void,
  ): Promise<ParseResponse> {
    const file = await source.open();
    const boundary = randomUUID();
    const head = Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${quotable(source.filename)}"\r\n` +
        `Content-Type: ${source.mediaType ?? 'application/octet-stream'}\r\n\r\n`,
    );
    const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
    const body = Readable.from(concat(head, file.stream, tail), { objectMode: false });
    try {
      const answer = await this.#request('/parse', signal, {
        headers: {
          'content-type': `multipart/form-data; boundary=${boundary}`,
          'content-length': String(head.length + file.size + tail.length),
          accept: 'application/x-ndjson',
        },
        body,
      });
      const lines = String(answer.headers['content-type']).includes('ndjson');
      if (!lines) return v.parse(ParseResponseSchema, await answer.body.json());
      return await this.#readParse(answer.body, onPages);
    } catch (error) {
      throw this.#explain(error, signal);
    } finally {
      file.stream.destroy();
    }
  }

  /** Cuts text into chunks. */
  async chunk(input: ChunkRequest, signal: AbortSignal): Promise<ChunkResponse> {
    return this.#json('/chunk', input, ChunkResponseSchema, signal);
  }

  /** Turns texts into embeddings, one each, in their order. */
  async embed(input: EmbedRequest, signal: AbortSignal): Promise<EmbedResponse> {
    const answer = await this.#json('/embed', input, EmbedResponseSchema, signal);
    if (answer.embeddings.length !== input.texts.length) {
      const detail = `The processor answered ${input.texts.length} texts with ${answer.embeddings.length} embeddings.`;
      throw new DependencyError('transient', 'bad_answer', detail);
    }
    return answer;
  }

  /** Asks whether the processor is well. */
  async health(): Promise<ProcessorHealth> {
    const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
    try {
      const answer = await this.#request('/health', signal, { method: 'GET' });
      return v.parse(ProcessorHealthSchema, await answer.body.json());
    } catch (error) {
      if (error instanceof DependencyError) throw error;
      const detail = 'The processor does not say that it is well.';
      throw new DependencyError('unreachable', 'processor_unavailable', detail, { cause: error });
    }
  }

  /** Ends the connections; calls under way are cut. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #json<S extends v.GenericSchema>(
    path: string,
    input: unknown,
    schema: S,
    signal: AbortSignal,
  ): Promise<v.InferOutput<S>> {
    try {
      const answer = await this.#request(path, signal, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
      });
      return v.parse(schema, await answer.body.json());
    } catch (error) {
      throw this.#explain(error, signal);
    }
  }

  async #request(
    path: string,
    signal: AbortSignal,
    { headers, ...options }: Call,
  ): Promise<Dispatcher.ResponseData> {
    const answer = await request(this.#url + path, {
      method: 'POST',
      ...options,
      headers: { ...this.#headers, ...headers },
      signal,
      dispatcher: this.#agent,
    });
    if (answer.statusCode === 200) return answer;
    throw await refusal(answer);
  }

  async #readParse(body: Readable, onPages: (done: number, total: number) => void): Promise<ParseResponse> {
    const segments: ParseResponse['segments'] = [];
    const texts: string[] = [];
    let length = 0;
    for await (const line of createInterface({ input: body, crlfDelay: Infinity })) {
      if (line === '') continue;
      const event = v.parse(v.pipe(v.string(), v.parseJson(), ParseEventSchema), line);
      if (event.type === 'progress') onPages(event.pages_done, event.pages_total);
      else if (event.type === 'error') throw toFailure(event.code, event.detail, 200, undefined);
      else if (event.type === 'end') return { text: texts.join(''), metadata: event.metadata, segments };
      else {
        const { type: _type, text, ...where } = event;
        texts.push(text);
        segments.push({ start: length, end: (length += text.length), ...where });
      }
    }
    throw new DependencyError(
      'interrupted',
      'processor_lost',
      'The processor stopped in the middle of its answer.',
    );
  }

  #explain(error: unknown, signal: AbortSignal): unknown {
    if (error instanceof DependencyError) return error;
    if (signal.aborted) return signal.reason;
    if (v.isValiError(error)) {
      const detail = 'The processor gave an answer that does not fit its contract.';
      return new DependencyError('transient', 'bad_answer', detail, { cause: error });
    }
    const code = (error as { code?: unknown }).code;
    if (typeof code === 'string' && TOO_SLOW.has(code)) {
      const detail = `Processor timeout after ${this.#timeoutMs / 1000}s`;
      return new DependencyError('transient', 'deadline', detail, { cause: error });
    }
    if (typeof code === 'string' && CUT.has(code)) {
      const detail = 'The connection to the processor was cut.';
      return new DependencyError('interrupted', 'processor_lost', detail, { cause: error });
    }
    if (error instanceof SyntaxError) {
      return new DependencyError('transient', 'bad_answer', 'The processor did not answer in JSON.', {
        cause: error,
      });
    }
    if (typeof code === 'string') {
      const detail = 'The processor cannot be reached.';
      return new DependencyError('unreachable', 'processor_unavailable', detail, { cause: error });
    }
    return error;
  }
}

async function refusal(answer: Dispatcher.ResponseData): Promise<DependencyError> {
  const text = await answer.body.text();
  const problem = v.safeParse(v.pipe(v.string(), v.parseJson(), ProcessorProblemSchema), text);
  const seconds = Number(answer.headers['retry-after']);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  if (problem.success)
    return toFailure(problem.output.code, problem.output.detail, answer.statusCode, retryAfterMs);
  const detail = `The processor answered with HTTP status ${answer.statusCode}.`;
  return new DependencyError('transient', `http_${answer.statusCode}`, detail, { retryAfterMs });
}

/** Permanent is a 4xx with a code, but for those that say "later": the contract's rule. */
function toFailure(
  code: string,
  detail: string,
  status: number,
  retryAfterMs: number | undefined,
): DependencyError {
  if (code === 'embedder_unreachable') return new DependencyError('unreachable', code, detail);
  if (code === 'parser_crashed') return new DependencyError('crashed', code, detail);
  const transient =
    status >= 500 || status === 408 || status === 429 || code === 'deadline' || code === 'internal';
  return new DependencyError(transient ? 'transient' : 'permanent', code, detail, { retryAfterMs });
}

/** A file name as a quoted header parameter, escaped as browsers do (WHATWG HTML, multipart/form-data). */
function quotable(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

async function* concat(head: Buffer, file: Readable, tail: Buffer): AsyncGenerator<Buffer> {
  yield head;
  yield* file as AsyncIterable<Buffer>;
  yield tail;
}

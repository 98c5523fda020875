import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { Agent, request, type Dispatcher } from 'undici';

import {
  RESPONSE_LIMITS,
  ChunkResponseSchema,
  DOCUMENT_HEADER,
  EmbedResponseSchema,
  JOB_HEADER,
  ParseResponseSchema,
  ProcessorHealthSchema,
  type ChunkRequest,
  type ChunkResponse,
  type CutChunk,
  type CutSettings,
  type EmbedRequest,
  type EmbedResponse,
  type ParseResponse,
  type ProcessorHealth,
} from '../contract/services/processor.ts';
import { DependencyError } from '../errors.ts';
import {
  badResponse,
  checkChunks,
  parseBytes,
  readJson,
  readParseLines,
  textTooLong,
  withTexts,
  type OnPages,
} from './responses.ts';
import { explainFailure, lineFailure, refusal, tooSlow } from './failures.ts';

const CONNECT_TIMEOUT_MS = 2000;
const HEALTH_TIMEOUT_MS = 2000;

/** Options of a call beside its path. */
type Sent = Pick<Partial<Dispatcher.RequestOptions>, 'method' | 'body'> & {
  headers?: Record<string, string>;
};

/** A file to parse. Each call opens it again. */
export interface ParseSource {
  filename: string;
  mediaType: string | undefined;
  /**
   * The stream MUST fail unless it carries `size` bytes. It may also fail after them, because the file is the wrong
   * one.
   */
  open(): Promise<{ stream: Readable; size: number }>;
}

export interface ProcessorLimits {
  /** Longest silence, in ms. */
  timeoutMs: number;
  /** Longest call, in ms, even if bytes still arrive. */
  callMs: number;
  /** Longest text of a document, in UTF-16 units. */
  maxTextChars: number;
}

/**
 * Calls the processor (`contract/services/processor.md`), and checks every response. Each call ends and takes bounded memory,
 * because any service may stand at its address. Every method throws a {@link DependencyError} that classifies the failure,
 * or the reason of an aborted signal.
 */
export class ProcessorClient {
  readonly #url: string;
  readonly #limits: ProcessorLimits;
  readonly #agent: Agent;
  readonly #headers: Record<string, string>;

  /**
   * @param url the processor's base URL
   * @param agent connections shared with another client. Without it, the client makes its own
   * @param headers sent with every call
   */
  constructor(
    url: string,
    limits: ProcessorLimits,
    { agent, headers = {} }: { agent?: Agent; headers?: Record<string, string> } = {},
  ) {
    const { timeoutMs } = limits;
    this.#url = url.replace(/\/$/, '');
    this.#limits = limits;
    const silence = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
    this.#agent = agent ?? new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS }, ...silence });
    this.#headers = headers;
  }

  /** Returns a client for the calls of one job. The processor shares its children fairly among documents. */
  forDocument(id: string, jobId: string): ProcessorClient {
    const own = { [DOCUMENT_HEADER]: headerValue(id), [JOB_HEADER]: headerValue(jobId) };
    const headers = { ...this.#headers, ...own };
    return new ProcessorClient(this.#url, this.#limits, { agent: this.#agent, headers });
  }

  /**
   * Parses a document, and cuts its text if the service can do so in the same call.
   * @param settings how to cut the text, and whether to read what the document hides
   * @returns `chunks` only if the service has cut the text
   * @throws the error of the file's stream, even if the service has responded
   */
  async parse(
    source: ParseSource,
    signal: AbortSignal,
    onPages: OnPages,
    { cut, includeHidden }: { cut?: CutSettings; includeHidden?: true | undefined } = {},
  ): Promise<Omit<ParseResponse, 'chunks'> & { chunks?: CutChunk[] }> {
    const file = await source.open();
    const boundary = randomUUID();
    const fields = Object.entries({ ...cut, ...(includeHidden && { include_hidden: true }) }).map(
      ([name, value]) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const head = Buffer.from(
      `${fields.join('')}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${quotable(source.filename)}"\r\n` +
        `Content-Type: ${source.mediaType ?? 'application/octet-stream'}\r\n\r\n`,
    );
    const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
    // Listens to the file itself. Undici ends the body's generator with the same error when the service goes away.
    let unreadable: { reason: unknown } | undefined;
    file.stream.once('error', (reason) => (unreadable = { reason }));
    async function* body(): AsyncGenerator<Buffer> {
      yield head;
      // Keeps the stream open with the body gone, because the rest of the file must still be compared.
      for await (const bytes of file.stream.iterator({ destroyOnReturn: false })) yield bytes as Buffer;
      yield tail;
    }
    const sent: Sent = {
      headers: {
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'content-length': String(head.length + file.size + tail.length),
        accept: 'application/x-ndjson, application/json;q=0.9',
      },
      body: Readable.from(body(), { objectMode: false }),
    };
    const { maxTextChars } = this.#limits;
    try {
      const parsed = await this.#call('/parse', sent, signal, async ({ headers, body }) => {
        if (!String(headers['content-type']).includes('ndjson')) {
          const parsed = await readJson(body, ParseResponseSchema, parseBytes(maxTextChars));
          if (parsed.text.length > maxTextChars) throw textTooLong();
          return parsed;
        }
        const outcome = await readParseLines(body, maxTextChars, onPages);
        if ('parsed' in outcome) return outcome.parsed;
        throw lineFailure(outcome.code, outcome.detail);
      });
      await readOn(file.stream, signal);
      return withTexts(parsed, cut);
    } catch (error) {
      // A service may respond before it has the whole file. Its response counts only for the right file.
      if (!unreadable && saysSomethingAboutTheFile(error)) await readOn(file.stream, signal);
      // A broken file says nothing about the service, so the job must not wait for the service.
      throw unreadable && !signal.aborted ? unreadable.reason : error;
    } finally {
      file.stream.destroy();
    }
  }

  /** Cuts text into chunks. Each chunk is an exact slice of the text. */
  async chunk(input: ChunkRequest, signal: AbortSignal): Promise<ChunkResponse> {
    const { chunkBytesPerChar, spareBytes } = RESPONSE_LIMITS;
    const maxBytes = input.text.length * chunkBytesPerChar + spareBytes;
    const response = await this.#call('/chunk', json(input), signal, ({ body }) =>
      readJson(body, ChunkResponseSchema, maxBytes),
    );
    checkChunks(input, response.chunks);
    return response;
  }

  /** Embeds texts. Returns one embedding for each text, in order. */
  async embed(input: EmbedRequest, signal: AbortSignal): Promise<EmbedResponse> {
    const response = await this.#call('/embed', json(input), signal, ({ body }) =>
      readJson(body, EmbedResponseSchema, RESPONSE_LIMITS.embedBytes),
    );
    if (response.embeddings.length === input.texts.length) return response;
    throw badResponse(new Error(`${response.embeddings.length} embeddings for ${input.texts.length} texts`));
  }

  /** Reads the processor's health. @throws {DependencyError} `unreachable` without a good response, so that callers wait */
  async health(): Promise<ProcessorHealth> {
    try {
      const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
      return await this.#call('/health', { method: 'GET' }, signal, ({ body }) =>
        readJson(body, ProcessorHealthSchema, RESPONSE_LIMITS.smallBytes),
      );
    } catch (error) {
      if (error instanceof DependencyError && error.code === 'bad_answer') throw error;
      const detail = 'The health check of the processor failed.';
      throw new DependencyError('unreachable', 'processor_unavailable', detail, { cause: error });
    }
  }

  /** Ends the connections, and cuts the calls under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #call<T>(
    path: string,
    sent: Sent,
    signal: AbortSignal,
    read: (response: Dispatcher.ResponseData) => Promise<T>,
  ): Promise<T> {
    const { timeoutMs, callMs } = this.#limits;
    const tooLong = new AbortController();
    const timer = setTimeout(() => tooLong.abort(tooSlow(callMs)), callMs);
    try {
      const response = await request(this.#url + path, {
        method: 'POST',
        ...sent,
        headers: { ...this.#headers, ...sent.headers },
        signal: AbortSignal.any([signal, tooLong.signal]),
        dispatcher: this.#agent,
      });
      if (response.statusCode !== 200) throw await refusal(response);
      return await read(response);
    } catch (error) {
      if (signal.aborted && !(error instanceof DependencyError)) throw signal.reason;
      throw explainFailure(error, timeoutMs);
    } finally {
      clearTimeout(timer);
    }
  }
}

function headerValue(id: string): string {
  return encodeURIComponent(id.toWellFormed());
}

function json(value: unknown): Sent {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** A file name as a quoted header parameter, escaped as browsers do (WHATWG HTML, multipart/form-data). */
function quotable(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function saysSomethingAboutTheFile(error: unknown): boolean {
  return error instanceof DependencyError && (error.kind === 'permanent' || error.kind === 'crashed');
}

/** Reads a stream to its end. @throws the stream's error; the signal's reason when aborted */
async function readOn(stream: Readable, signal: AbortSignal): Promise<void> {
  for await (const _ of stream) signal.throwIfAborted();
}

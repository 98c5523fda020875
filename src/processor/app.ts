import { pipeline } from 'node:stream/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type Context } from 'hono';

import type { Guard } from '../access/guard.ts';
import { guardRequests } from '../access/guard-requests.ts';
import { requireSecret } from '../access/require-secret.ts';
import {
  CutSettingsSchema,
  DOCUMENT_HEADER,
  EmbedRequestSchema,
  JOB_HEADER,
  type CutSettings,
  type ProcessorHealth,
} from '../contract/services/processor.ts';
import type { Logger } from '../logging/logger.ts';
import { READER_VERSION } from './reader-version.ts';
import { responseInTurn, responseWhenDone, withErrorLine } from './response-in-turn.ts';
import type { Embedder } from './embedders/embedder.ts';
import { ProcessorError, parseRequest, problemResponse, statusOf, toProcessorError } from './errors.ts';
import type { OcrData } from './ocr/languages.ts';
import { parseWithOcr } from './ocr/parse-with-ocr.ts';
import type { Pool } from './pool/pool.ts';
import type { Caller } from './pool/task-run.ts';
import { receiveBody, receiveBytes, receiveFile } from './uploads.ts';

/** Bytes for each character. JSON may write one as `\u0000`, and the body also holds segments. */
const MAX_BODY_BYTES_PER_CHAR = 8;
const SPARE_BODY_BYTES = 1024 * 1024;
/** Limit in bytes. It fits 256 texts of the largest size with every character escaped. */
const MAX_EMBED_BODY_BYTES = 16 * 1024 * 1024;

const JSON_TYPE = 'application/json';
const NDJSON_TYPE = 'application/x-ndjson';

interface Environment {
  Bindings: HttpBindings;
}

export interface AppOptions {
  pool: Pool;
  embedder: Embedder;
  /** Folder for bodies until a child reads them. */
  tmpDir: string;
  /** Tasks at once, each in its own process. `GET /health` reports the number. */
  children: number;
  /** Longest silence of a parse, and longest time of any other task, in ms. Callers give up after it. */
  timeoutMs: number;
  maxTextChars: number;
  maxUploadBytes: number;
  guard: Guard;
  /** Language data of OCR. */
  data: OcrData;
  /** Secret that each call must carry; absent for an open processor. */
  secret?: string | undefined;
  logger: Logger;
}

/** Creates the routes of `contract/services/processor.ts`. Children do everything that takes long. */
export function createApp(options: AppOptions): Hono<Environment> {
  const { pool, embedder, tmpDir, children, timeoutMs, maxTextChars, maxUploadBytes, logger } = options;
  const signOfLifeMs = timeoutMs / 3;
  const atOnce = Math.max(1, children - 1);
  const app = new Hono<Environment>();
  app.use(guardRequests(options.guard));
  const refuse = () => problemResponse(new ProcessorError('wrong_secret'));
  if (options.secret !== undefined) app.use(requireSecret(options.secret, refuse));

  const log = (c: Context<Environment>, { code, cause }: ProcessorError) => {
    const ours = statusOf(code) >= 500 || code === 'embedder_refused';
    const job = c.req.header(JOB_HEADER);
    if (ours && !c.req.raw.signal.aborted) logger.warn('a call failed', { code, job, error: cause });
  };
  /** Sends a response. Cuts off a failing one, so that no caller takes a part for the whole. */
  const send = async (c: Context<Environment>, contentType: string, body: AsyncIterable<Uint8Array>) => {
    const { outgoing } = c.env;
    outgoing.writeHead(200, { 'content-type': contentType });
    await pipeline(body, outgoing).catch((error: unknown) => log(c, toProcessorError(error)));
    return RESPONSE_ALREADY_SENT;
  };
  const callerOf = (c: Context<Environment>): Caller => ({
    signal: c.req.raw.signal,
    document: c.req.header(DOCUMENT_HEADER),
    job: c.req.header(JOB_HEADER),
  });

  app.post('/parse', async (c) => {
    const format = c.req.header('accept')?.includes(NDJSON_TYPE) ? 'ndjson' : 'json';
    const { remove, fields, ...file } = await receiveFile(c.env.incoming, tmpDir, maxUploadBytes);
    const maxSilenceMs = timeoutMs / 3;
    const cut = await undoOnError(remove, () => cutOf(fields));
    const includeHidden = fields['include_hidden'] === 'true';
    const task = { kind: 'parse', format, maxTextChars, maxSilenceMs, includeHidden, cut, ...file } as const;
    const parsed = parseWithOcr(task, callerOf(c), { ...options, atOnce }, () => void remove());
    if (format === 'json') return send(c, JSON_TYPE, await responseWhenDone(parsed, signOfLifeMs));
    return send(c, NDJSON_TYPE, withErrorLine(await responseInTurn(parsed, signOfLifeMs)));
  });

  app.post('/chunk', async (c) => {
    const maxBytes = maxTextChars * MAX_BODY_BYTES_PER_CHAR + SPARE_BODY_BYTES;
    const { remove, source, bytes } = await receiveBody(c.env.incoming, tmpDir, maxBytes);
    const task = { kind: 'chunk', source, bytes, maxTextChars } as const;
    const chunked = pool.run(task, callerOf(c), () => void remove());
    return send(c, JSON_TYPE, await responseInTurn(chunked, signOfLifeMs));
  });

  app.post('/embed', async (c) => {
    const body = await receiveBytes(c.env.incoming, MAX_EMBED_BODY_BYTES);
    const embedded = embedder.embed(parseRequest(EmbedRequestSchema, body.toString()), callerOf(c));
    return send(c, JSON_TYPE, await responseInTurn(embedded, signOfLifeMs));
  });

  app.get('/health', async (c) => {
    if (!pool.healthy) {
      const detail = 'No child of the processor is ready. Try again in a moment.';
      return problemResponse(new ProcessorError('internal', { detail }));
    }
    const health: ProcessorHealth = {
      status: 'ok',
      children,
      embed_batch: embedder.batch,
      embedder: (await embedder.reachable()) ? 'ok' : 'away',
      reader_version: READER_VERSION,
      model: embedder.model,
      dimensions: embedder.dimensions,
    };
    return c.json(health);
  });

  app.notFound(() => problemResponse(new ProcessorError('not_found')));
  app.onError((thrown, c) => {
    const error = toProcessorError(thrown);
    log(c, error);
    return problemResponse(error);
  });
  return app;
}

/** Does `work`, and `undo` if it fails. */
async function undoOnError<T>(undo: () => Promise<void>, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    await undo();
    throw error;
  }
}

/** Reads how to cut the text; `undefined` for a form without a strategy. */
function cutOf({ strategy, chunk_size, chunk_overlap }: Record<string, string>): CutSettings | undefined {
  if (strategy === undefined) return undefined;
  const given = { strategy, chunk_size: Number(chunk_size), chunk_overlap: Number(chunk_overlap) };
  return parseRequest(CutSettingsSchema, JSON.stringify(given));
}

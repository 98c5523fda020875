import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import {
  EmbeddingsRequestSchema,
  type EmbeddingsRequest,
  type EmbeddingsResponse,
  type ModelList,
} from '../../contract/openai.ts';
import type { ApiOptions, ApiServices } from '../api-services.ts';
import { sendStream } from '../content/send-stream.ts';
import { json, ok } from '../openapi/parts.ts';
import type { Operations } from '../openapi/to-paths.ts';
import { readJson } from '../validate.ts';
import { embedTexts } from './embed-texts.ts';

/** Largest body, in bytes. It fits 2,048 texts of 4 KB on average. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** A client sends two larger bodies at once, because they wait in memory. A query is smaller, and never waits. */
const SMALL_BODY_BYTES = 64 * 1024;
/** Weight of each text after the first. The bundled model embeds some 20 texts a second on one core. */
const TEXT_WEIGHT = 4;

/** Serves `POST /v1/embeddings` and `GET /v1/models` as OpenAI does, so that its clients embed queries as Sluice does. */
export function openAiRoutes(
  { processor, limiter, logger }: Pick<ApiServices, 'processor' | 'limiter' | 'logger'>,
  { clientOf }: Pick<ApiOptions, 'clientOf'>,
) {
  return new Hono<AccessEnvironment>()
    .post('/v1/embeddings', async (c) => {
      const { incoming, outgoing } = c.env;
      const client = clientOf(incoming, c.get('principal'));
      const leave = maybeLarge(incoming) ? await limiter.list(client) : () => {};
      const request = await readJson(c, EmbeddingsRequestSchema, MAX_BODY_BYTES).finally(leave);
      const others = request.input.length - 1;
      if (others > 0) limiter.request(client, TEXT_WEIGHT * others);
      const { signal } = c.req.raw;
      const parts = Readable.from(writeResponse(request, embedTexts(processor, request, signal)), {
        objectMode: false,
      });
      outgoing.setHeaders(c.res.headers);
      const head = { status: 200, headers: { 'content-type': 'application/json' } };
      const fault = await sendStream(outgoing, head, parts, () => {});
      if (fault !== undefined && !signal.aborted)
        logger.error('a response of embeddings was cut off', { error: fault });
      return RESPONSE_ALREADY_SENT;
    })
    .get('/v1/models', async (c) => {
      const { model } = await processor.health();
      const models = model === undefined ? [] : [model];
      const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'sluice' }) as const);
      return c.json({ object: 'list', data } satisfies ModelList);
    });
}

/** Returns whether a body may be large. One that names no length may be. */
function maybeLarge({ headers }: IncomingMessage): boolean {
  return !(Number(headers['content-length']) <= SMALL_BODY_BYTES);
}

/** Writes the JSON of a response ({@link EmbeddingsResponse}), one piece for each part of the embeddings. */
async function* writeResponse(
  { model, encoding_format }: EmbeddingsRequest,
  parts: AsyncIterable<number[][]>,
): AsyncGenerator<Buffer> {
  const encode = encoding_format === 'base64' ? toBase64 : (embedding: number[]) => embedding;
  let index = 0;
  let before = '{"object":"list","data":[';
  for await (const embeddings of parts) {
    const data: EmbeddingsResponse['data'] = embeddings.map((embedding) => ({
      object: 'embedding',
      index: index++,
      embedding: encode(embedding),
    }));
    yield Buffer.from(before + JSON.stringify(data).slice(1, -1));
    before = ',';
  }
  const usage: EmbeddingsResponse['usage'] = { prompt_tokens: 0, total_tokens: 0 };
  yield Buffer.from(`],"model":${JSON.stringify(model)},"usage":${JSON.stringify(usage)}}`);
}

/** Encodes a vector as little-endian 32-bit floats. */
function toBase64(embedding: readonly number[]): string {
  const bytes = Buffer.alloc(4 * embedding.length);
  for (const [i, value] of embedding.entries()) bytes.writeFloatLE(value, 4 * i);
  return bytes.toString('base64');
}

/** Describes the routes for OpenAPI. */
export const openAiOperations: Operations = {
  'POST /v1/embeddings': {
    operationId: 'createEmbeddings',
    summary: 'Vectors of texts in the shape of OpenAI, by the present model of the processor',
    requestBody: { required: true, content: json('EmbeddingsRequest') },
    responses: ok('The vectors, in the order of the texts', 'EmbeddingsResponse'),
    problems: [
      'invalid_request',
      'model_not_found',
      'request_too_slow',
      'body_too_large',
      'queue_unavailable',
      'processor_unavailable',
    ],
  },
  'GET /v1/models': {
    operationId: 'listModels',
    summary: 'The present embedding model of the processor, in the shape of OpenAI',
    responses: ok('A list of one model, or of none while the processor does not know its model', 'ModelList'),
    problems: ['queue_unavailable', 'processor_unavailable'],
  },
};

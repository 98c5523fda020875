import { Hono } from 'hono';

import type { AccessEnvironment } from '../../access/authorize-requests.ts';
import { EmbeddingsRequestSchema, type EmbeddingsResponse, type ModelList } from '../../contract/openai.ts';
import type { ApiOptions, ApiServices } from '../api-services.ts';
import { json, ok } from '../openapi/parts.ts';
import type { Operations } from '../openapi/to-paths.ts';
import { readJson } from '../validate.ts';
import { embedTexts } from './embed-texts.ts';

/** Largest body, in bytes. It fits 512 texts of 8 KB on average. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Weight of each text after the first. The bundled model embeds some 20 texts a second on one core. */
const TEXT_WEIGHT = 4;

/** Serves `POST /v1/embeddings` and `GET /v1/models` as OpenAI does, so that its clients embed queries as Sluice does. */
export function openAiRoutes(
  { processor, limiter }: Pick<ApiServices, 'processor' | 'limiter'>,
  { clientOf }: Pick<ApiOptions, 'clientOf'>,
) {
  return new Hono<AccessEnvironment>()
    .post('/v1/embeddings', async (c) => {
      const request = await readJson(c, EmbeddingsRequestSchema, MAX_BODY_BYTES);
      const { model, input: texts, encoding_format, dimensions } = request;
      if (texts.length > 1) {
        const client = clientOf(c.env.incoming, c.get('principal'));
        limiter.request(client, TEXT_WEIGHT * (texts.length - 1));
      }
      const embeddings = await embedTexts(processor, { texts, model, dimensions }, c.req.raw.signal);
      const encode = encoding_format === 'base64' ? toBase64 : (embedding: number[]) => embedding;
      return c.json({
        object: 'list',
        data: embeddings.map((embedding, index) => ({
          object: 'embedding',
          index,
          embedding: encode(embedding),
        })),
        model,
        usage: { prompt_tokens: 0, total_tokens: 0 },
      } satisfies EmbeddingsResponse);
    })
    .get('/v1/models', async (c) => {
      const { model } = await processor.health();
      const models = model === undefined ? [] : [model];
      const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'sluice' }) as const);
      return c.json({ object: 'list', data } satisfies ModelList);
    });
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

import { beforeAll, expect, test, vi } from 'vitest';

import { bearer, makeKey } from '../../helpers/clients/api-keys.ts';
import { embeddingsOf } from '../../helpers/servers/embeddings-server.ts';
import { useEmbeddings, useRedis, useRoles } from '../../helpers/servers/use.ts';

const MODEL = 'small-model';
const READER = makeKey('reader', ['read']);
const UPLOADER = makeKey('uploader', ['upload']);

const redis = useRedis();
const embedder = useEmbeddings();
const processor = useRoles(['processor'], () => ({
  EMBEDDINGS_URL: embedder.url,
  EMBEDDINGS_MODEL: MODEL,
  PROCESSOR_CHILDREN: '1',
}));
const apiWith = (env: Record<string, string>) =>
  useRoles(['api'], () => ({ REDIS_URL: redis.url, PROCESSOR_URL: processor.url, ...env }));
const api = apiWith({ API_KEYS: JSON.stringify([READER.entry, UPLOADER.entry]) });
const slow = apiWith({ MAX_REQUESTS_PER_SECOND: '50' });
const lonely = apiWith({ PROCESSOR_URL: 'http://127.0.0.1:9' });

interface Body {
  data: { index: number; embedding: number[] | string }[];
  model: string;
  error: { message: string; type: string; param: null; code: string };
}

async function call(url: string, body?: object | string, token = READER.token) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, {
    headers: bearer(token),
    ...(body !== undefined && { method: 'POST', body: text }),
  });
  return { response, status: response.status, body: (await response.json()) as Body };
}
const embed = (body: object | string, token?: string) => call(`${api.url}/v1/embeddings`, body, token);

// A child of the processor takes a second to start.
beforeAll(() =>
  vi.waitFor(async () => expect((await fetch(`${processor.url}/health`)).status).toBe(200), 30_000),
);

test('a text gets the vector of the present model, as a search embeds its query', async () => {
  const { status, body } = await embed({ model: MODEL, input: 'pears and plums' });
  const [embedding] = await embeddingsOf(embedder.url, ['pears and plums']);
  expect([status, body]).toEqual([
    200,
    {
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding }],
      model: MODEL,
      usage: { prompt_tokens: 0, total_tokens: 0 },
    },
  ]);
});

test('base64 holds the same vectors, as little-endian 32-bit floats, in the order of the texts', async () => {
  const input = Array.from({ length: 70 }, (_, i) => `text number ${i}`);
  const before = embedder.requests();
  const floats = await embed({ model: MODEL, input, dimensions: 64, user: 'someone' });
  expect(embedder.requests() - before).toBe(3);
  const encoded = await embed({ model: MODEL, input, encoding_format: 'base64' });
  const vectors = floats.body.data.map(({ embedding }) => [...Float32Array.from(embedding as number[])]);
  expect(floats.body.data.map(({ embedding }) => embedding)).toEqual(await embeddingsOf(embedder.url, input));
  expect(encoded.body.data.map(({ index }) => index)).toEqual(input.map((_, i) => i));
  const decoded = encoded.body.data.map(({ embedding }) => {
    const bytes = Buffer.from(embedding as string, 'base64');
    return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
  });
  expect(decoded).toEqual(vectors);
});

test('an optional field may be null', async () => {
  const request = { model: MODEL, input: 'x', user: null, dimensions: null, encoding_format: null };
  const { status, body } = await embed(request);
  expect([status, body.data[0]?.embedding]).toEqual([200, (await embeddingsOf(embedder.url, ['x']))[0]]);
});

test('the list of models names the present one', async () => {
  const { status, body } = await call(`${api.url}/v1/models`);
  const model = { id: MODEL, object: 'model', created: 0, owned_by: 'sluice' };
  expect([status, body]).toEqual([200, { object: 'list', data: [model] }]);
});

test.each([
  ['no JSON', '{', 'The body must be JSON.'],
  ['no model', { input: 'x' }, 'model: '],
  ['tokens', { model: MODEL, input: [9906, 1917] }, 'input: holds tokens. Send texts.'],
  ['lists of tokens', { model: MODEL, input: [[9906], [1917]] }, 'input: holds tokens. Send texts.'],
  ['a number', { model: MODEL, input: 1 }, 'input: must be a text, or a list of texts'],
  ['an empty text', { model: MODEL, input: '' }, 'input: a text must not be empty'],
  ['no texts', { model: MODEL, input: [] }, 'input: a list must hold a text'],
  ['too many texts', { model: MODEL, input: Array(513).fill('x') }, 'input: a list holds at most 512 texts'],
  [
    'a long text',
    { model: MODEL, input: ['x', 'x'.repeat(10_001)] },
    'input.1: a text has at most 10000 characters',
  ],
  [
    'another length',
    { model: MODEL, input: 'x', dimensions: 32 },
    'dimensions: The vectors of this model have 64',
  ],
  ['another encoding', { model: MODEL, input: 'x', encoding_format: 'hex' }, 'encoding_format: '],
  ['an unknown field', { model: MODEL, input: 'x', inputs: 'x' }, 'inputs: is no field of this request.'],
])('%s: refused in the shape of OpenAI, with the reason', async (_, sent, reason) => {
  const { response, status, body } = await embed(sent);
  expect([status, response.headers.get('content-type')]).toEqual([400, 'application/json']);
  const message = expect.stringContaining(reason) as string;
  expect(body).toEqual({
    error: { message, type: 'invalid_request_error', param: null, code: 'invalid_request' },
  });
});

test('every refusal under /v1 has the shape of OpenAI, and the headers of its problem', async () => {
  const seen = async (sent: Promise<Awaited<ReturnType<typeof call>>>) => {
    const { response, status, body } = await sent;
    const { type, code } = body.error;
    return [status, type, code, response.headers.get('www-authenticate') ?? response.headers.get('allow')];
  };
  const request = { model: MODEL, input: 'x' };
  const refused = 'invalid_request_error';
  expect(await seen(embed({ ...request, model: 'other' }))).toEqual([404, refused, 'model_not_found', null]);
  const challenge = expect.stringContaining('Bearer') as string;
  expect(await seen(embed(request, 'wrong'))).toEqual([401, refused, 'unauthorized', challenge]);
  const models = call(`${api.url}/v1/models`, undefined, UPLOADER.token);
  expect(await seen(models)).toEqual([403, refused, 'forbidden', null]);
  expect(await seen(embed(request, UPLOADER.token))).toEqual([403, refused, 'forbidden', null]);
  expect(await seen(embed('x'.repeat(2 ** 22 + 1)))).toEqual([413, refused, 'body_too_large', null]);
  expect(await seen(call(`${api.url}/v1/nothing`))).toEqual([404, refused, 'not_found', null]);
  const get = call(`${api.url}/v1/embeddings`);
  expect(await seen(get)).toEqual([405, refused, 'method_not_allowed', 'POST']);
});

test('without its processor the api says so, and when to come again', async () => {
  const { response, status, body } = await call(`${lonely.url}/v1/embeddings`, { model: MODEL, input: 'x' });
  expect([status, response.headers.get('retry-after')]).toEqual([503, '5']);
  expect(body.error).toMatchObject({ type: 'server_error', code: 'processor_unavailable' });
});

test('many texts count as many requests', async () => {
  const many = { model: MODEL, input: Array(512).fill('x') };
  expect((await call(`${slow.url}/v1/embeddings`, many)).status).toBe(200);
  const { response, status, body } = await call(`${slow.url}/v1/models`);
  expect([status, body.error.type, body.error.code]).toEqual([429, 'rate_limit_error', 'too_many_requests']);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(5);
});
